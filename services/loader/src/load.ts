/** The story of a batch: counted, read, mapped, written in one transaction. */
import { entities, type Entity, entityNamed } from "@nexus/catalog";
import {
  type Client,
  connectionBroke,
  inTrips,
  type Queryable,
  together,
} from "@nexus/shared/database";
import {
  type BatchCounts,
  type ClaimedBatch,
  countAttempt,
  failExhausted,
  finishBatch,
  keepFingerprints,
  recordAdoptedChanges,
} from "@nexus/shared/ledger";
import type { Handled, LoadJob } from "@nexus/shared/queue";
import { failpoint } from "@nexus/shared/runtime";
import { accountFirst, withSignedUp } from "./account-first.ts";
import { keptAwake } from "./awake.ts";
import { type Portions, SUSPICIOUS, writeWithoutBreakers } from "./breakers.ts";
import type { Deps } from "./deps.ts";
import { type Gate, passGate } from "./gate.ts";
import { countAdoptedChanges } from "./adopted-changes.ts";
import { afterFailure, release, snoozeJob, snoozeShutOut } from "./after-failure.ts";
import {
  countsOf,
  emitContent,
  NOTHING_YET,
  recordOutcomes,
  sortOutcomes,
  type Tally,
  tallied,
} from "./outcomes.ts";
import { type Reading, readPortions, readRange } from "./read-range.ts";
import type { Portion } from "./read-rows.ts";
import { measureBatch } from "./measure-batch.ts";
import { moveKeys } from "./move-keys.ts";
import { resolveLinks } from "./resolve-links.ts";
import type { RunContext } from "./run-context.ts";
import type { Key, Source } from "./source.ts";
import { takeOver } from "./take-over.ts";
import { isOfARow, upsert, upsertBisecting, type Write } from "./upsert.ts";

/** An attempt whose rows are read: what ends it, when it was begun, and the milliseconds that claiming and reading took. */
interface Attempt extends Deps, Source {
  readonly startedAt: number;
  readonly sourceMs: number;
}

/** What came of a batch: what it counted, or that its gate is closed, or that another generation took its place. */
type Result = BatchCounts | "closed" | "stale";

/** Loads one batch. Whatever happens, the ledger knows it before the queue does. */
export async function loadBatch(deps: Deps, job: LoadJob, signal: AbortSignal): Promise<Handled> {
  const startedAt = performance.now();
  let batch: ClaimedBatch | undefined;
  failpoint("loader.taken");
  try {
    const { parents } = entityNamed(entities, job.entity);
    batch = await countAttempt(deps.target, job.batch, job.generation, Object.keys(parents));
    if (batch === undefined) return await skip(deps, job);
    failpoint("loader.claimed");
  } catch (error) {
    return snoozeJob(deps, job, error);
  }
  try {
    const entity = entityNamed(entities, batch.entity);
    const run = await deps.runContext(batch.runId);
    if (batch.attempts > 1) await measureBatch(deps, run, entity, batch, signal);
    const source = { ...deps, signal, ...searches(batch) };
    const reading = await readRange(source, run, entity, batch);
    failpoint("loader.read");
    const attempt = { ...source, startedAt, sourceMs: performance.now() - startedAt };
    const counts =
      reading.kind === "whole"
        ? await writeFindingBadRows(attempt, run, entity, batch, reading)
        : await writeCarefully(attempt, run, entity, batch, reading);
    if (counts === "closed") return await snoozeShutOut(deps, batch);
    failpoint("loader.committed");
    deps.patience.answered();
    if (counts !== "stale")
      deps.log.debug({ batch: batch.id, entity: entity.name, ...counts }, "batch done");
    return { kind: "done" };
  } catch (error) {
    if (signal.aborted) return await release(deps, batch, { kind: "hand_back" });
    return await afterFailure(deps, batch, error, signal);
  }
}

/** What is looked for among the rows, as it was tried before: what breaks the connection, what takes too long. */
function searches({ breaks, attempts }: ClaimedBatch): Pick<Source, "breakers" | "seeksSlow"> {
  return { breakers: breaks >= SUSPICIOUS ? new Set<Key>() : undefined, seeksSlow: attempts > 1 };
}

/** Nothing to do: the batch is done, paused, cancelled or requeued, or shut out before it was read, or it has crashed its loaders too often. */
async function skip({ target, log }: Deps, job: LoadJob): Promise<Handled> {
  const exhausted = await failExhausted(target, job.batch, job.generation);
  if (exhausted !== undefined) log.error(exhausted, "batch failed: no attempt left");
  return { kind: "done" };
}

/** One statement for all rows; only if a row breaks it, again with savepoints until that row is found. */
async function writeFindingBadRows(
  attempt: Attempt,
  run: RunContext,
  entity: Entity,
  batch: ClaimedBatch,
  rows: Portion,
): Promise<Result> {
  try {
    return await write(attempt, run, entity, batch, [rows], upsert);
  } catch (error) {
    if (batch.breaks >= SUSPICIOUS && connectionBroke(error))
      return await writeWithoutBreakers({
        all: rows.rows,
        keyOf: (one) => (one.kind === "row" ? one.row.legacyId : one.legacyId),
        portionsOf: (part) => [{ rows: part, read: part.length }],
        write: (portions, how) => write(attempt, run, entity, batch, portions, how),
        signal: attempt.signal,
      });
    if (!isOfARow(error)) throw error;
    return await write(attempt, run, entity, batch, [rows], upsertBisecting);
  }
}

/** What cannot be read at once is read with care, one such batch of this process at a time; if it is large, while it is written. */
async function writeCarefully(
  attempt: Attempt,
  run: RunContext,
  entity: Entity,
  batch: ClaimedBatch,
  { kind, keys }: Exclude<Reading, { kind: "whole" }>,
): Promise<Result> {
  return await attempt.largeTurn(async () => {
    attempt.signal.throwIfAborted();
    attempt.log.info(
      { batch: batch.id, entity: entity.name, rows: keys.length, why: kind },
      "read in portions",
    );
    const portionsOf = (part: readonly Key[], first = 1) =>
      readPortions(attempt, run, entity, part, first);
    const by = (portions: Portions, how: Write) =>
      write(attempt, run, entity, batch, portions, how);
    if (kind === "refused") {
      const portions = portionsOf(keys, Math.ceil(keys.length / 2));
      const all = await firstOf(portions);
      if (all.last === true) return await writeFindingBadRows(attempt, run, entity, batch, all);
      return await by(following(all, portions), upsertBisecting);
    }
    return batch.breaks < SUSPICIOUS
      ? await by(portionsOf(keys), upsertBisecting)
      : await writeWithoutBreakers({
          all: keys,
          keyOf: (key) => key,
          portionsOf,
          write: by,
          signal: attempt.signal,
        });
  });
}

async function firstOf(portions: AsyncIterator<Portion, void>): Promise<Portion> {
  const { value } = await portions.next();
  return value ?? { rows: [], read: 0, last: true };
}

async function* following(first: Portion, others: AsyncIterable<Portion>): AsyncGenerator<Portion> {
  yield first;
  yield* others;
}

async function write(
  attempt: Attempt,
  run: RunContext,
  entity: Entity,
  batch: ClaimedBatch,
  portions: Portions,
  upsertRows: Write,
): Promise<Result> {
  const { target, targetStatementMs: statementMs, targetIdleMs: idleMs, signal } = attempt;
  const undo = run.undo ? { runId: batch.runId, batchId: batch.id } : undefined;
  const context = { ...run, undo };
  const [ahead] = Symbol.asyncIterator in portions ? [] : portions;
  const first = async (tx: Client) => {
    const gate = passGate(tx, entity, batch);
    const links = ahead === undefined ? undefined : resolveLinks(tx, entity, ahead.rows);
    links?.catch(() => undefined); // Nobody asks for them where the gate is closed.
    return { gate: await gate, links };
  };
  const work = async (tx: Client, { gate, links }: Awaited<ReturnType<typeof first>>) => {
    if (gate !== "open") return gate;
    const found = await links;
    failpoint("loader.gated");
    let tally: Tally = NOTHING_YET;
    for await (const portion of keptAwake(tx, idleMs, portions)) {
      const { rows, read } = portion;
      const parents = portion === ahead && found ? found : await resolveLinks(tx, entity, rows);
      const sorted = sortOutcomes(rows, parents, run.codes);
      const { signedUp, ...mapped } = await accountFirst(tx, context, entity, sorted);
      const moved = await moveKeys(tx, attempt, context, entity, mapped.loaded);
      const taken = await takeOver(tx, attempt, context, entity, moved.rows);
      const adopted = await countAdoptedChanges(tx, entity, run, moved.rows);
      const written = withSignedUp(await upsertRows(tx, entity, context, moved.rows), signedUp);
      const refused = [...written.refused, ...moved.refused];
      tally = tallied(tally, {
        ...mapped,
        read,
        taken,
        adopted,
        written: { ...written, refused },
        rows,
      });
    }
    failpoint("loader.written");
    return tally;
  };
  const last = async (tx: Queryable, done: Tally | Exclude<Gate, "open">) =>
    typeof done === "string" ? done : await record(tx, attempt, run, entity, batch, done);
  const how = { commit: "soon", constraints: "immediate" } as const;
  return await inTrips(target, { first, work, last }, { statementMs, idleMs, signal, ...how });
}

/** What is said of the rows, in the transaction that wrote them. All of it is sent at once, in this order. */
async function record(
  tx: Queryable,
  { startedAt, sourceMs }: Attempt,
  run: RunContext,
  entity: Entity,
  batch: ClaimedBatch,
  tally: Tally,
): Promise<BatchCounts> {
  const counts = countsOf(tally);
  const version = run.fingerprinted?.(entity);
  const said = together([
    recordOutcomes(tx, batch, tally),
    recordAdoptedChanges(tx, batch, tally.adopted),
    emitContent(tx, batch, entity, run, tally),
    version !== undefined && keepFingerprints(tx, batch, version, tally.fingerprints),
    finishBatch(tx, batch.id, counts, performance.now() - startedAt, sourceMs),
  ]);
  failpoint("loader.finished");
  await said;
  return counts;
}
