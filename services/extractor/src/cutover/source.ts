/** Step `source`: nobody is seen to write in the source. Two looks, some time apart, show the same. The last look compares the rows themselves. */
import type { Client } from "@nexus/shared/database";
import { lockStarts, stopSync } from "@nexus/shared/ledger";
import { lastDelta } from "./delta.ts";
import { type SinceDelta, sinceDelta } from "./since-delta.ts";
import { lookAtSource, movement, NAMED, type SourceLook, untold } from "./source-look.ts";
import { type Found, met, notMet, open, type Verdict, type Walk } from "./step.ts";

/** What the step keeps. */
interface Kept {
  readonly first: SourceLook;
  /** It has begun anew: what was written before the first look may have been told after it. */
  readonly anew: boolean;
  /** The following that it has ended. */
  readonly followed?: number;
}

/**
 * A commit moves the server's snapshot at once, and a table's counter later: where the snapshot moved, twice the time is waited for. What counters
 * have not told by then is left to the last delta and the last look.
 */
export async function sourceStep(walk: Walk): Promise<Found> {
  const { quietSeconds, sourceFrozen } = walk.cutover.asked;
  const now = await lookAtSource(walk.deps);
  if (now.standby && !sourceFrozen) return notMet("source_standby");
  const before: Partial<Kept> = JSON.parse(walk.steps.get("source")?.facts ?? "{}");
  const beginning = (anew: boolean): Verdict =>
    open({ ...before, quietSeconds, first: now, anew }, quietSeconds * 1_000);
  const { first, anew } = before;
  if (first === undefined) return (tx) => beginFreeze(walk, tx, beginning(false));
  const { wrote, begun, setBack } = movement(first, now);
  if (setBack || (wrote && !anew)) return beginning(true);
  return whoWrote(first, now) ?? waited(walk, now, begun);
}

/** Nobody wrote since the first look: was that long enough? */
function waited({ cutover, steps }: Walk, now: SourceLook, begun: boolean): Verdict {
  const { quietSeconds } = cutover.asked;
  const { first, anew, ...told }: Kept = JSON.parse(steps.get("source")?.facts ?? "");
  const left = quietSeconds * (begun ? 2 : 1) - (now.at - first.at);
  if (left > 0) return open({ ...told, quietSeconds, first, anew }, left * 1_000);
  const { standby, readOnlyByDefault } = now;
  const seconds = Math.round(now.at - first.at);
  const silent = begun ? untold(now) : 0;
  return met({ ...told, quietSeconds: seconds, standby, readOnlyByDefault, begun, silent, first });
}

/** With the freeze, following ends: the last delta is the cut-over's own. A rehearsal ends nothing. */
async function beginFreeze({ cutover }: Walk, tx: Client, beginning: Verdict): Promise<Verdict> {
  if (cutover.kind === "plan") return beginning;
  await lockStarts(tx);
  const reason = `cut-over ${cutover.id}`;
  const followed = await stopSync(tx, "cutover_began", { actor: cutover.actor, reason });
  if (followed === undefined) return beginning;
  return { ...beginning, facts: { ...beginning.facts, followed } };
}

/** Who wrote between two looks, or has yet to commit. */
function whoWrote(before: SourceLook, now: SourceLook): Found | undefined {
  const { wrote, tables } = movement(before, now);
  if (wrote) return notMet("source_writes", { tables });
  const { writers } = now;
  return writers > 0 ? notMet("source_open_transactions", { writers }) : undefined;
}

/**
 * At the end: nobody has written since that step. Where transactions were begun since, counters are given the time to tell, and then the tables that
 * are read are compared. Undefined: it is so.
 */
export async function stillQuiet(
  walk: Walk,
  look: typeof lookAtSource = lookAtSource,
): Promise<Found | undefined> {
  const { quietSeconds } = walk.cutover.asked;
  const now = await look(walk.deps);
  const { first }: Kept = JSON.parse(walk.steps.get("source")?.facts ?? "");
  const written = whoWrote(first, now);
  if (written !== undefined) return written;
  if (!movement(first, now).begun) return undefined;
  const kept = keptOf(walk);
  const { waited } = kept;
  if (waited === undefined) return open({ waited: now }, quietSeconds * 1_000);
  const left = quietSeconds - (now.at - waited.at);
  if (left > 0) return open({ ...kept }, left * 1_000);
  return (await asTheDeltaFoundIt(walk, first, now)) ?? (await sinceThen(walk, look, now, kept));
}

/** A comparison lasts: what was written beside it is told by counters, or by the next one. */
async function sinceThen(
  walk: Walk,
  look: typeof lookAtSource,
  then: SourceLook,
  { compared = 0 }: HandOver,
): Promise<Found | undefined> {
  const now = await look(walk.deps);
  const written = whoWrote(then, now);
  if (written !== undefined) return written;
  return movement(then, now).begun && compared < MORE
    ? open({ waited: now, compared: compared + 1 }, walk.cutover.asked.quietSeconds * 1_000)
    : undefined;
}

/** What is kept of the last look until the next. */
interface HandOver {
  readonly waited?: SourceLook;
  /** How often the tables were found as the delta had found them, while transactions were begun beside it. */
  readonly compared?: number;
}

function keptOf(walk: Walk): HandOver {
  return JSON.parse(walk.steps.get("hand_over")?.facts ?? "{}");
}

/** So often the tables are compared once more, as transactions were begun meanwhile: those of the server's other databases never end. */
const MORE = 2;

/** The tables that are read are what they were when the last delta began. */
async function asTheDeltaFoundIt(
  walk: Walk,
  first: SourceLook,
  now: SourceLook,
): Promise<Found | undefined> {
  const found = await sinceDelta(walk);
  if (found.kind === "failed") return notMet("source_unseen", { failure: found.code });
  const { written, unseen, unknown } = found;
  if (written.length > 0)
    return first.started === now.started
      ? notMet("source_writes", { tables: written.slice(0, NAMED) })
      : notMet("source_restarted");
  if (unseen.length > 0)
    return notMet("delta_unseen", { runId: lastDelta(walk), tables: unseen.slice(0, NAMED) });
  return unknown.length === 0 ? undefined : asCountersTell(first, now, found);
}

/** Of tables that cannot be compared counters tell, where nobody may keep back what he counted. */
function asCountersTell(
  first: SourceLook,
  now: SourceLook,
  { unknown, fingerprints }: SinceDelta,
): Found | undefined {
  const tables = unknown.slice(0, NAMED);
  if (movement(first, now).setBack) return notMet("source_counters_reset", { tables });
  const sessions = untold(now);
  return sessions > 0 ? notMet("source_sessions", { sessions, tables, fingerprints }) : undefined;
}
