import type { SyncView } from "@nexus/contract";
import { type Command, InvalidArgumentError, Option } from "commander";
import { openApi } from "../api.ts";
import { apiCommand, entityList, reasonOption } from "../arguments.ts";
import { print, type Printing } from "../output.ts";
import { duration, instant, table } from "../words.ts";
import { lossPercentOption } from "./limit.ts";

interface Given extends Printing {
  readonly every?: number;
  readonly stop?: true;
  readonly entities?: readonly string[];
  readonly skip?: readonly string[];
  readonly skipAiEmbeddings?: true;
  readonly lossPercent?: number;
  readonly reason?: string;
}

type Following = NonNullable<SyncView["following"]>;

const DESCRIPTION =
  "follow the source while people work in it: a delta again and again, until it is stopped or a cut-over begins; an extractor does it, and spares a source that answers slowly. " +
  "Without --every or --stop: show whether it is followed, and how far behind each entity is";

/** `nexus sync` */
export function sync(program: Command): void {
  apiCommand(program, "sync", DESCRIPTION)
    .addOption(
      new Option(
        "--every <time>",
        "begin to follow: how long from the begin of a run to that of the next, like 30s, 5m or 1h",
      )
        .argParser(secondsOf)
        .conflicts("stop"),
    )
    .option("--stop", "follow no more; a delta that is under way goes on")
    .addOption(
      new Option(
        "--entities <names>",
        "follow only these entities, with commas between them",
      ).argParser(entityList),
    )
    .addOption(
      new Option(
        "--skip <names>",
        "entities that are not followed, with commas between them",
      ).argParser(entityList),
    )
    .option(
      "--skip-ai-embeddings",
      "offer nothing to the embedder: the default where the API has EMBEDDINGS=off",
    )
    .addOption(lossPercentOption())
    .addOption(reasonOption())
    .action(act);
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `5m` in seconds. */
function secondsOf(given: string): number {
  const [, digits, unit = ""] = /^([1-9]\d{0,5})([smhd])$/.exec(given) ?? [];
  const size = UNITS[unit];
  if (digits === undefined || size === undefined)
    throw new InvalidArgumentError("It is a number of seconds, minutes, hours or days, like 5m.");
  return Number(digits) * size;
}

async function act(given: Given): Promise<void> {
  const { every, reason } = given;
  const api = openApi();
  if (given.stop === true) {
    const stopped = await api.call("POST /v1/sync/stop", { body: { reason } });
    return print(stopped, ["the source is followed no more"], given);
  }
  if (every === undefined) {
    const view = await api.call("GET /v1/sync");
    return print(view, linesOf(view), given);
  }
  const { entities, skip, lossPercent } = given;
  const made = await api.call("POST /v1/sync", {
    body: {
      everySeconds: every,
      ...(entities === undefined ? {} : { entities: [...entities] }),
      ...(skip === undefined ? {} : { skip: [...skip] }),
      embeddings: given.skipAiEmbeddings === true ? false : undefined,
      lossPercent,
      reason,
    },
  });
  print(
    made,
    [`the source is followed: a delta every ${duration(every)}`, "how far: nexus sync"],
    given,
  );
}

function linesOf({ following, lag }: SyncView): string[] {
  const rows = lag.map(({ entity, seconds, runId }) => [
    entity,
    seconds === null ? null : duration(seconds),
    runId,
  ]);
  return [
    ...(following === null
      ? ["the source was never followed: nexus sync --every 5m"]
      : linesOfFollowing(following)),
    ...table(["entity", "behind", "run"], rows),
  ];
}

function linesOfFollowing(following: Following): string[] {
  const { everySeconds, since, actor, deltas, run, stopped } = following;
  const begun = `since ${instant(since)} (${actor}), a delta every ${duration(everySeconds)}, ${deltas} so far`;
  const newest = run === null ? [] : [newestDelta(run)];
  if (stopped !== null) {
    const why = stopped.reason === null ? "" : ` (${stopped.reason})`;
    return [
      `the source is followed no more: ${stopped.says}${why}; ${stopped.by}, ${instant(stopped.at)}`,
      `it was followed ${begun}`,
      ...newest,
    ];
  }
  return [`the source is followed ${begun}`, ...newest, standing(following)];
}

function newestDelta({ id, status, errorCode }: NonNullable<Following["run"]>): string {
  return `its newest delta, run ${id}, is ${status}${errorCode === null ? "" : ` (${errorCode})`}`;
}

const WAITS: Readonly<Record<string, string>> = {
  run_active: "a run that is under way",
  adoption_open: "an adoption that is under way",
  rollback_open: "a rollback that is under way",
  cutover_open: "a cut-over that is under way",
  proof_open: "a forecast or a verification that is under way",
};

function standing({ waitsFor, nextAt, source }: Following): string {
  if (waitsFor === "source_slow" && source !== null)
    return `it waits for the source, which answers in ${source.ms} ms, more than ${source.limitMs} ms (SYNC_SOURCE_LATENCY)`;
  if (waitsFor !== null) return `the next delta waits for ${WAITS[waitsFor] ?? waitsFor}`;
  return nextAt === null ? "no delta is to come" : `the next delta is due at ${instant(nextAt)}`;
}
