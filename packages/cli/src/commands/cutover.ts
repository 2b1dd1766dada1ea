import type { CutoverView, Freeze } from "@nexus/contract";
import { type Command, Option } from "commander";
import { ConfigurationError } from "@nexus/shared/config";
import { openApi } from "../api.ts";
import { apiCommand, entityList, reasonOption, wholeNumber } from "../arguments.ts";
import { EXIT_CODES } from "../failure.ts";
import { print, type Printing } from "../output.ts";
import { untilDone } from "../until-done.ts";
import { duration, table } from "../words.ts";

interface Given extends Printing {
  readonly plan?: true;
  readonly go?: true;
  readonly cancel?: true;
  readonly withdraw?: true;
  readonly skip?: readonly string[];
  readonly withoutBackup?: true;
  readonly acceptExceptions?: string;
  readonly sourceFrozen?: true;
  readonly quiet?: number;
  readonly reason?: string;
}

const DESCRIPTION =
  "walk the checklist at whose end people write in the target, and no longer in the source; an extractor does it. " +
  "Without --plan or --go: show the newest. Exit code 1 where a step is not met";

/** `nexus cutover` */
export function cutover(program: Command): void {
  apiCommand(program, "cutover", DESCRIPTION)
    .addOption(
      new Option(
        "--plan",
        "rehearse: look at everything, change nothing, and say how long the freeze of the source would last",
      ).conflicts(["go", "cancel", "withdraw"]),
    )
    .addOption(
      new Option(
        "--go",
        "cut over: the source is stopped by now; run the last delta and the verification, and hand the target over if every step is met",
      ).conflicts(["cancel", "withdraw"]),
    )
    .addOption(new Option("--cancel", "give up the cut-over that is open").conflicts(["withdraw"]))
    .option("--withdraw", "take back that the target was handed over (with --reason)")
    .addOption(
      new Option(
        "--skip <names>",
        "entities that are not migrated, with commas between them",
      ).argParser(entityList),
    )
    .option("--without-backup", "extractors take no backup, and somebody else sees to it")
    .option(
      "--accept-exceptions <why>",
      "why the rows that are rejected or parked now need not be in the target, and accounts that are refused or not wanted may stay as they are: kept for each of them",
    )
    .option(
      "--source-frozen",
      "the source that is read is a standby, and nobody writes in its primary: that cannot be seen from here",
    )
    .addOption(
      new Option(
        "--quiet <seconds>",
        "for how long nobody may be seen to write in the source; PostgreSQL may tell of a write 10 s late, or later: before it hands over, a cut-over compares the tables themselves",
      )
        .argParser(wholeNumber)
        .default(15),
    )
    .addOption(reasonOption())
    .action(act);
}

async function act(given: Given): Promise<void> {
  const { reason } = given;
  const api = openApi();
  if (given.cancel === true) {
    const cancelled = await api.call("POST /v1/cutover/cancel", { body: { reason } });
    return print(cancelled, [`cut-over ${cancelled.id} is cancelled: runs may start again`], given);
  }
  if (given.withdraw === true) {
    if (reason === undefined)
      throw new ConfigurationError("say why the cut-over is withdrawn: --withdraw --reason <text>");
    const { id, status } = await api.call("POST /v1/cutover/withdraw", { body: { reason } });
    return print({ id, status }, [`cut-over ${id} is withdrawn: runs may write again`], given);
  }
  const found = await walked(given);
  print(found, linesOf(found), given);
  if (isUnmet(found)) process.exitCode = EXIT_CODES.unwell.code;
}

/** What was asked for, at its end; the newest, if nothing was. */
async function walked(given: Given): Promise<CutoverView> {
  const api = openApi();
  if (given.plan !== true && given.go !== true) return await api.call("GET /v1/cutover", {});
  const { skip, withoutBackup, acceptExceptions, sourceFrozen, quiet, reason } = given;
  const { id } = await api.call("POST /v1/cutover", {
    body: {
      kind: given.go === true ? "go" : "plan",
      withoutBackup,
      acceptExceptions,
      sourceFrozen,
      quietSeconds: quiet,
      reason,
      ...(skip === undefined ? {} : { skip: [...skip] }),
    },
  });
  return await untilDone(`cut-over ${id}`, () => api.call("GET /v1/cutover", { query: { id } }));
}

function isUnmet({ status, steps }: CutoverView): boolean {
  return status === "failed" || steps.some((step) => step.status === "not_met");
}

const STATUS = { open: "under way", met: "met", not_met: "NOT MET", to_do: "to do" } as const;

function linesOf(view: CutoverView): string[] {
  const steps = view.steps.map(({ step, status, durationMs, says }) => [
    step.replaceAll("_", " "),
    STATUS[status],
    durationMs === null ? null : duration(durationMs / 1_000),
    says,
  ]);
  const toDo = view.steps.flatMap(({ step, whatToDo }) =>
    whatToDo === null ? [] : [`${step.replaceAll("_", " ")}: ${whatToDo}`],
  );
  return [
    ...table(["step", "", "took", "found"], steps),
    ...(view.freeze === null ? [] : freezeLines(view.freeze)),
    ...toDo,
    outcome(view),
  ];
}

function freezeLines({ parts, seconds, complete }: Freeze): string[] {
  const rows = parts.map(({ part, seconds: one, known }) => [
    part.replaceAll("_", " "),
    one === null ? "?" : duration(one),
    known,
  ]);
  return [
    ...table(["freeze", "lasts", "known how"], rows),
    `the source would be frozen for ${complete ? "about" : "more than"} ${duration(seconds)}`,
  ];
}

function outcome(view: CutoverView): string {
  const { id, kind, status, errorCode, seconds } = view;
  const name = `cut-over ${id}`;
  if (status === "open") return `${name} is under way`;
  if (status === "cancelled") return `${name} was cancelled`;
  if (status === "withdrawn") return `${name} was handed over, and withdrawn since`;
  if (status === "failed") return `${name} has stopped (${errorCode}): nothing was handed over`;
  const took = duration(seconds ?? 0);
  if (kind === "go") return `${name}: the target is handed over; the freeze lasted ${took}`;
  return isUnmet(view)
    ? `${name} was a rehearsal, nothing was changed: a cut-over would stop`
    : `${name} was a rehearsal, nothing was changed: nothing that can be seen now stands in the way`;
}
