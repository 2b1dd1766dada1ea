/** A run's progress as plain lines: what `nexus status` and the demo show. */
import { type Eta, goneInWords, type Limit, proofCodeInWords, wholeInWords } from "@nexus/contract";
import { count, duration, instant } from "../words.ts";
import { accountLines } from "./account-lines.ts";
import type { Progress } from "./view.ts";

const COLUMNS = ["expected", "read", "loaded", "rejected", "parked", "excluded", "noted"] as const;

type Line = Readonly<
  Record<"entity" | "status", string> & Record<"percent" | (typeof COLUMNS)[number], number>
>;

/** Everything: a line per entity, the totals, then how fast, how long, what limits it and what waits. */
export function progressLines(progress: Progress): string[] {
  const { run, entities, totals } = progress;
  if (run === null) return ["No run was started yet: nexus start", ...embeddingLines(progress)];
  return [
    `run ${run.id} is ${run.status}${since(progress)}`,
    heading(),
    ...entities.map(entityLine),
    entityLine({
      ...totals,
      entity: "total",
      status: totals.sumClosed ? "sum closes" : "sum is open",
    }),
    ...deltaLines(progress),
    ...paceLines(progress),
    ...(progress.stalled ? [`STANDS STILL: ${progress.stalled.says}`] : []),
    ...gateLines(progress),
    ...exceptionLines(progress),
    ...goneLines(progress),
    ...adoptedLines(progress),
    ...strangerLines(progress),
    ...backupLines(progress),
    ...verificationLines(progress),
    ...accountLines(progress.accounts),
    ...embeddingLines(progress),
  ];
}

/** One entity with its outcome counts. */
export function entityLine(one: Line): string {
  const counts = COLUMNS.map((column) => count(one[column]).padStart(9));
  return [
    one.entity.padEnd(19),
    one.status.padEnd(11),
    `${one.percent} %`.padStart(7),
    ...counts,
  ].join(" ");
}

/** The names of the columns, above lines of `entityLine`. */
export function heading(): string {
  const columns = COLUMNS.map((column) => column.padStart(9));
  return ["entity".padEnd(19), "status".padEnd(11), "done".padStart(7), ...columns].join(" ");
}

function since({ run }: Progress): string {
  if (run?.finishedAt)
    return ` since ${instant(run.finishedAt)}${run.errorCode ? ` (${run.errorCode})` : ""}`;
  return run?.startedAt ? `, begun ${instant(run.startedAt)}` : "";
}

function paceLines({ run, rowsPerSecond, eta, limitedBy }: Progress): string[] {
  if (run?.finishedAt) return [];
  return [
    `${count(Math.round(rowsPerSecond))} rows/s${etaOf(eta)}`,
    ...limitLine("limited", limitedBy),
  ];
}

function etaOf(eta: Eta | null): string {
  if (eta === null) return "; how long it takes cannot be told yet";
  return `; ${duration(eta.earliest)} to ${duration(eta.latest)} left, most likely ${duration(eta.seconds)}`;
}

function limitLine(what: string, limit: Limit | null): string[] {
  return limit === null ? [] : [`${what} by ${limit.by}: ${limit.says}`];
}

/** What a delta need not read, and of which entities it reads all nevertheless. */
function deltaLines({ run, entities, totals: { unchanged = 0, read } }: Progress): string[] {
  if (run?.mode !== "delta") return [];
  const compared = entities.reduce((sum, { rangesCompared = 0 }) => sum + rangesCompared, 0);
  const equal = entities.reduce((sum, { rangesEqual = 0 }) => sum + rangesEqual, 0);
  return [
    `delta: ${count(unchanged)} rows are as they were, ${count(read)} read; of ${count(compared)} ranges compared ${count(equal)} are equal`,
    ...entities.flatMap(({ entity, readWhole }) =>
      typeof readWhole === "string"
        ? [`${entity}: all of it is read: ${wholeInWords(readWhole)}`]
        : [],
    ),
  ];
}

/** How many are taken, and what keeps one from being taken. */
function backupLines({ run, entities, backups = [] }: Progress): string[] {
  if (run?.backup !== true) return [];
  const done = backups.filter(({ status }) => status === "done");
  const bytes = done.reduce((sum, one) => sum + (one.bytes ?? 0), 0);
  const wanted = entities.filter(({ status }) => status !== "skipped").length;
  const failed = backups.filter(({ status }) => status === "failed");
  return [
    `backups: ${count(done.length)} of ${count(wanted)}, ${count(bytes)} bytes (nexus backups)`,
    ...failed.map(({ entity, errorCode }) => `backup of ${entity} FAILED: ${errorCode}`),
    ...backups.flatMap(({ entity, status }) =>
      status === "waived" ? [`${entity} is written without a backup, as somebody ordered`] : [],
    ),
  ];
}

/** Who waits at a gate, and who keeps it shut. */
function gateLines({ run, entities }: Progress): string[] {
  if (run?.finishedAt) return [];
  return entities
    .filter(
      ({ status, waitingFor, errorCode }) =>
        status === "blocked" || waitingFor.length > 0 || errorCode !== null,
    )
    .map(({ entity, why }) => `${entity}: ${why}`);
}

/** Both kinds of reasons apart: what was foreseen of such rows, and what says that something was assumed wrongly. */
function exceptionLines({ totals: { rejected, parked, unforeseen = 0 } }: Progress): string[] {
  if (rejected + parked === 0) return [];
  return [
    `${count(rejected)} rejected and ${count(parked)} parked, each with a reason: nexus exceptions`,
    ...(unforeseen > 0
      ? [
          `of the rejected rows ${count(unforeseen)} for reasons that nobody foresaw, ${count(rejected - unforeseen)} as foreseen`,
        ]
      : []),
  ];
}

function goneLines({ entities }: Progress): string[] {
  return entities.flatMap((of) => {
    const { entity, gone = 0 } = of;
    const done = goneInWords(of);
    if (gone === 0) return [];
    return [
      `${entity}: ${count(gone)} rows of the target are gone from the source${done && `: ${done}`}`,
    ];
  });
}

function adoptedLines({ entities }: Progress): string[] {
  return entities.flatMap(({ entity, adopted = 0 }) =>
    adopted > 0 ? [`${entity}: ${count(adopted)} rows of the target were adopted`] : [],
  );
}

function strangerLines({ entities }: Progress): string[] {
  return entities.flatMap(({ entity, strangers = 0 }) =>
    strangers > 0
      ? [`${entity}: ${count(strangers)} rows of the target have no legacy key and are left alone`]
      : [],
  );
}

/** What extractors verify by themselves after the run. */
function verificationLines({ run, verification }: Progress): string[] {
  if (!run?.finishedAt || verification === undefined || verification === null) return [];
  const { id, status, errorCode } = verification;
  if (status === "waiting") return ["verification: an extractor is waited for"];
  if (status === "failed")
    return [`verification ${id} failed (${errorCode}): ${proofCodeInWords(errorCode)}`];
  const so = status === "open" ? " is under way, so far" : "";
  return [`verification ${id}${so}: ${foundBy(verification)}`];
}

function foundBy({ differences, pending, notVerified }: NonNullable<Progress["verification"]>) {
  return [
    `differences ${count(differences)}`,
    ...(pending > 0 ? [`content rows with vectors yet to be made ${count(pending)}`] : []),
    ...(notVerified > 0 ? [`entities not verified ${count(notVerified)}`] : []),
  ].join(", ");
}

function embeddingLines({ embedding }: Progress): string[] {
  const { open, itemsPerSecond, eta, limitedBy } = embedding;
  if (open === 0) return [];
  return [
    `embeddings: ${count(open)} items to do, ${count(itemsPerSecond)} a second${etaOf(eta)}`,
    ...limitLine("embeddings limited", limitedBy),
  ];
}
