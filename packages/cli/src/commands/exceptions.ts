import { ConfigurationError } from "@nexus/shared/config";
import { type Command, Option } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, entityArgument, pageOptions } from "../arguments.ts";
import { nextPage, print, type Printing } from "../output.ts";
import { table } from "../words.ts";

interface Given extends Printing {
  readonly keys?: true;
  readonly outcome?: "rejected" | "parked";
  readonly because?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** `nexus exceptions` */
export function exceptions(program: Command): void {
  const [limit, cursor] = pageOptions();
  apiCommand(
    program,
    "exceptions",
    "count the rows that are not in the target by reason, or list their keys",
  )
    .addArgument(entityArgument("[entity]"))
    .option(
      "--keys",
      "list the keys of an entity's rows, a page at a time, instead of counting them",
    )
    .addOption(new Option("--outcome <outcome>", "only those").choices(["rejected", "parked"]))
    .option("--because <code>", "only exceptions with this reason")
    .addOption(limit)
    .addOption(cursor)
    .action(async (entity: string | undefined, given: Given) => {
      if (given.keys !== true) return await countThem(entity, given);
      if (entity === undefined)
        throw new ConfigurationError("--keys needs an entity: nexus exceptions <entity> --keys");
      await listKeys(entity, given);
    });
}

async function countThem(entity: string | undefined, given: Given): Promise<void> {
  const query = entity === undefined ? {} : { entity };
  const answer = await openApi().call("GET /v1/exceptions/reasons", { query });
  const reasons = answer.reasons.filter(
    ({ outcome, reason }) =>
      (given.outcome === undefined || outcome === given.outcome) &&
      (given.because === undefined || reason === given.because),
  );
  const rows = reasons.map((one) => [
    one.count,
    one.entity,
    one.outcome,
    one.reason,
    one.column,
    one.missingEntity,
  ]);
  const lines = table(["rows", "entity", "outcome", "reason", "column", "missing"], rows);
  print({ reasons }, rows.length === 0 ? ["No row has an open exception"] : lines, given);
}

async function listKeys(entity: string, given: Given): Promise<void> {
  const { outcome, because: reason, limit, cursor } = given;
  const page = await openApi().call("GET /v1/entities/:entity/exceptions", {
    params: { entity },
    query: { outcome, reason, limit, cursor },
  });
  const rows = page.items.map((one) => [
    String(one.legacyId),
    one.outcome,
    one.reason,
    one.column,
    one.missingEntity === null ? null : `${one.missingEntity} ${one.missingId}`,
    String(one.runId),
  ]);
  const lines = table(["key", "outcome", "reason", "column", "missing", "run"], rows);
  print(
    page,
    rows.length === 0 ? ["No row has such an exception"] : [...lines, ...nextPage(page.next)],
    given,
  );
}
