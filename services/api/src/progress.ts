/** From the ledger's folded counts to what people want to know: how far, how fast, how long, and why not further. */
import type { EntityView, RunView, Totals } from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";
import { type EntityProgress, progressOf } from "@nexus/shared/ledger";
import type { Deps } from "./deps.ts";
import type { RunFacts } from "./queries/find-run.ts";
import { measureRate } from "./queries/measure-rate.ts";
import { why } from "./why.ts";

const NO_OUTLOOK = {
  eta: null,
  limitedBy: null,
  embedding: { open: 0, itemsPerSecond: 0, eta: null, limitedBy: null },
};

type Catalog = Deps["entities"];

/** A run with the progress of its entities, or the view of no run. */
export async function viewOf(db: Queryable, catalog: Catalog, run: RunFacts | undefined): Promise<RunView> {
  if (run === undefined) return { run: null, entities: [], totals: add([]), rowsPerSecond: 0, ...NO_OUTLOOK };
  const progress = await progressOf(db, run.id);
  const rowsPerSecond = await measureRate(db, run.id);
  return {
    run,
    entities: progress.map((one) => viewOfEntity(run, one, unsettledParents(catalog, progress, one.entity))),
    totals: add(progress),
    rowsPerSecond,
    ...NO_OUTLOOK,
  };
}

/** Parents in this run whose settling an entity waits for. */
function unsettledParents(catalog: Catalog, progress: readonly EntityProgress[], entity: string): string[] {
  const parents = catalog.find((one) => one.name === entity)?.parents ?? {};
  return progress
    .filter((one) => Object.hasOwn(parents, one.entity) && !isDone(one) && !one.waived)
    .map((one) => one.entity);
}

function viewOfEntity(run: RunFacts, one: EntityProgress, waitingFor: string[]): EntityView {
  const { batches: total, batchesDone: done, batchesFailed: failed, ...rest } = one;
  return {
    ...rest,
    why: why(run, one, waitingFor),
    waitingFor,
    batches: { total, done, failed },
    percent: percentOf(isDone(one), one),
    sumClosed: isClosed(one),
    drift: one.status === "complete" ? one.read - one.expected : null,
  };
}

function add(progress: readonly EntityProgress[]): Totals {
  const sum = (count: (one: EntityProgress) => number): number =>
    progress.reduce((total, one) => total + count(one), 0);
  const counts = {
    expected: sum((one) => one.expected),
    read: sum((one) => one.read),
    loaded: sum((one) => one.loaded),
    inserted: sum((one) => one.inserted),
    updated: sum((one) => one.updated),
    rejected: sum((one) => one.rejected),
    parked: sum((one) => one.parked),
    excluded: sum((one) => one.excluded),
    noted: sum((one) => one.noted),
  };
  const allDone = progress.length > 0 && progress.every(isDone);
  return { ...counts, percent: percentOf(allDone, counts), sumClosed: progress.every(isClosed) };
}

function isDone({ status }: EntityProgress): boolean {
  return status === "complete" || status === "skipped";
}

function isClosed({ read, loaded, rejected, parked }: EntityProgress): boolean {
  return read === loaded + rejected + parked;
}

/** A live source may hold more rows than were planned: what is not settled never shows more than 99.9. */
function percentOf(
  settled: boolean,
  { expected, read, excluded }: Pick<Totals, "expected" | "read" | "excluded">,
): number {
  if (settled) return 100;
  return expected === 0 ? 0 : Math.min(99.9, Math.floor(((read + excluded) / expected) * 1_000) / 10);
}
