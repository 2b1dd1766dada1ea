import { AUDITED, AUDITED_READS } from "@nexus/shared/states";
import { type Command, Option } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, entityNames, pageOptions } from "../arguments.ts";
import { nextPage, print, type Printing } from "../output.ts";
import { instant, table } from "../words.ts";

interface Given extends Printing {
  readonly actor?: string;
  readonly action?: string;
  readonly entity?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** `nexus audit` */
export function audit(program: Command): void {
  const [limit, cursor] = pageOptions();
  apiCommand(program, "audit", "list what was changed or read, by whom and why, the newest first")
    .option("--actor <name>", "only what this caller did")
    .addOption(new Option("--action <verb>", "only this").choices([...AUDITED, ...AUDITED_READS]))
    .addOption(
      new Option("--entity <entity>", "only what was done to this entity").choices(entityNames()),
    )
    .addOption(limit)
    .addOption(cursor)
    .action(async ({ json, ...query }: Given) => {
      const page = await openApi().call("GET /v1/audit", { query });
      const rows = page.items.map((one) => [
        instant(one.at),
        one.actor,
        one.action,
        one.runId === null ? null : String(one.runId),
        one.entity,
        one.reason,
      ]);
      const lines = table(["at", "who", "did", "run", "entity", "reason"], rows);
      print(
        page,
        rows.length === 0 ? ["Nothing is on record"] : [...lines, ...nextPage(page.next)],
        {
          json,
        },
      );
    });
}
