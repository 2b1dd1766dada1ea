import type { LeftRow, RollbackView } from "@nexus/contract";
import { Argument, type Command, Option } from "commander";
import { ConfigurationError } from "@nexus/shared/config";
import { openApi } from "../api.ts";
import { apiCommand, entityList, reasonOption, wholeNumber } from "../arguments.ts";
import { EXIT_CODES } from "../failure.ts";
import { print, type Printing, remark } from "../output.ts";
import { firstItems, untilDone } from "../until-done.ts";
import { count, countsInWords, table } from "../words.ts";

interface Given extends Printing {
  readonly plan?: true;
  readonly cancel?: true;
  readonly confirm?: number;
  readonly entities?: readonly string[];
  readonly list?: true;
  readonly reason?: string;
}

const DESCRIPTION =
  "take back what a run has written: rows that it inserted go, rows that it changed are what they were before; rows that others have " +
  "changed since are left and listed; an extractor does it, and no run starts meanwhile. The newest run first. One that was interrupted is asked for again, and goes on";

/** `nexus rollback` */
export function rollback(program: Command): void {
  apiCommand(program, "rollback", DESCRIPTION)
    .addArgument(new Argument("<run>", "the number of the run").argParser(wholeNumber))
    .option("--plan", "only count what would be done")
    .addOption(
      new Option("--cancel", "give up the rollback of this run that is open").conflicts([
        "plan",
        "confirm",
        "entities",
        "list",
      ]),
    )
    .addOption(
      new Option("--confirm <run>", "the number of the run once more: nothing is done without it")
        .argParser(wholeNumber)
        .conflicts("plan"),
    )
    .addOption(
      new Option(
        "--entities <names>",
        "only these, with commas between them; what rows of others still refer to is left",
      ).argParser(entityList),
    )
    .option("--list", "list every row that is left, not only the first ones")
    .addOption(reasonOption())
    .action(ask);
}

/** How many rows that are left are shown, unless all are asked for. */
const SHOWN = 20;

async function ask(run: number, given: Given): Promise<void> {
  const { plan, confirm, entities, reason, cancel } = given;
  if (cancel === true) return await giveUp(run, given);
  if (plan !== true && confirm !== run)
    throw new ConfigurationError(
      `rolling back is confirmed by the number of the run: nexus rollback ${run} --confirm ${run}; what would be done: nexus rollback ${run} --plan`,
    );
  const api = openApi();
  const { id } = await api.call("POST /v1/runs/:id/rollback", {
    params: { id: String(run) },
    body: { plan, reason, ...(entities === undefined ? {} : { entities: [...entities] }) },
  });
  const params = { id: String(id) };
  const done = await untilDone(`rollback ${id}`, () =>
    api.call("GET /v1/rollbacks/:id", { params }),
  );
  const most = given.list === true ? Number.POSITIVE_INFINITY : SHOWN;
  const left = await firstItems(most, (query) =>
    api.call("GET /v1/rollbacks/:id/left", { params, query }),
  );
  print({ ...done, left }, linesOf(done, left), given);
  if (done.status !== "done") process.exitCode = EXIT_CODES.unwell.code;
}

/** What it has taken back by then stays so; asked for again, it goes on there. */
async function giveUp(run: number, given: Given): Promise<void> {
  const api = openApi();
  const { items } = await api.call("GET /v1/rollbacks", { query: { limit: 1 } });
  const open = items.find(({ runId, status }) => runId === run && status === "open");
  if (open === undefined) {
    remark(`no rollback of run ${run} is open: there is nothing to cancel`);
    process.exitCode = EXIT_CODES.refused.code;
    return;
  }
  const cancelled = await api.call("POST /v1/rollbacks/:id/cancel", {
    params: { id: String(open.id) },
    body: { reason: given.reason },
  });
  const says = `rollback ${open.id} of run ${run} is cancelled; what it has taken back stays so, and asked for again it goes on there`;
  print(cancelled, [says], given);
}

function linesOf(rollback: RollbackView, left: readonly LeftRow[]): string[] {
  const { id, runId, kind, status, entities, errorCode } = rollback;
  if (status === "failed")
    return [
      `rollback ${id} of run ${runId} failed (${errorCode}): the extractor's log says more; asked for again, it goes on where it ended`,
    ];
  if (status === "cancelled") return [`rollback ${id} of run ${runId} was cancelled`];
  const does = kind === "plan" ? ["would go", "would be restored"] : ["deleted", "restored"];
  const rows = entities.map((one) => [
    one.entity,
    one.deleted,
    one.restored,
    countsInWords(one.left),
  ]);
  const all = entities
    .flatMap((one) => Object.values(one.left))
    .reduce((sum, number) => sum + number, 0);
  return [
    `rollback ${id} of run ${runId}${kind === "plan" ? " is a plan: nothing but the ledger was written" : ""}`,
    ...table(["entity", ...does, "left"], rows),
    ...(left.length === 0
      ? []
      : table(
          ["left", "id", "legacy id", "reason"],
          left.map((one) => [one.entity, one.id, one.legacyId, one.reason]),
        )),
    ...(kind === "rollback" && all > left.length
      ? [`${count(all - left.length)} more: GET /v1/rollbacks/${id}/left`]
      : []),
  ];
}
