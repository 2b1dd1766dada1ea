/** From the ledger's rolled-up counts to what people want to know: how far, how fast, how long, and why not further. */
import {
  type BackupView,
  type EntityView,
  exhaustedInWords,
  type RunView,
  stallInWords,
  type Totals,
} from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";
import {
  currentHolds,
  type EntityProgress,
  type Exhausted,
  exhaustedBatches,
  findStall,
  listBackups,
  pausedBySource,
  progressOf,
  type Stall,
} from "@nexus/shared/ledger";
import { isBlocked, isSettled } from "@nexus/shared/states";
import type { Deps } from "../deps.ts";
import type { RunFacts } from "../queries/find-run.ts";
import { embeddingOutlook } from "../outlook/embedding.ts";
import { estimate } from "../outlook/estimate.ts";
import { evidenceOf } from "../outlook/evidence.ts";
import { limitOf } from "../outlook/limits.ts";
import { measureEmbedding } from "../queries/measure-embedding.ts";
import { measureActivity, measurePace } from "../queries/measure-pace.ts";
import { verificationOfRun } from "../queries/verification-of-run.ts";
import { viewOfAccounts } from "./accounts.ts";
import { why } from "./why.ts";

type Catalog = Deps["entities"];

const NO_RUN = { run: null, entities: [], backups: [], verification: null, accounts: null };

const NOTHING = { rowsPerSecond: 0, eta: null, limitedBy: null, stalled: null };

/** A run with the progress of its entities, or the view of no run. */
export async function viewOf(
  db: Queryable,
  catalog: Catalog,
  run: RunFacts | undefined,
): Promise<RunView> {
  const embedding = embeddingOutlook(await measureEmbedding(db));
  if (run === undefined) return { ...NO_RUN, totals: add(undefined, []), ...NOTHING, embedding };
  const accounts = await viewOfAccounts(db);
  const progress = await progressOf(db, run.id);
  const failed = progress.some(({ batchesFailed }) => batchesFailed > 0);
  const exhausted = failed ? await exhaustedBatches(db, run.id) : [];
  const backups = await backupsOf(db, run);
  const entities = progress.map((one) =>
    viewOfEntity(
      run,
      one,
      parentsOf(catalog, progress, one.entity),
      backups.find(({ entity }) => entity === one.entity),
      exhausted.find(sameEntity(one)),
    ),
  );
  return {
    run,
    entities,
    totals: add(run, progress),
    ...(await outlookOf(db, catalog, run, { progress, entities })),
    backups,
    verification: await verificationOfRun(db, run.id),
    accounts: accounts.status === "off" ? null : accounts,
    embedding,
  };
}

/** A run that takes none is not asked for any. */
async function backupsOf(db: Queryable, { id, backup }: RunFacts): Promise<BackupView[]> {
  const found = backup ? await listBackups(db, { runId: id }) : [];
  return found.map((one) => ({ ...one, tables: [...one.tables] }));
}

/** What comes next: how fast, how long, and what limits it. Nothing is measured of a run that has ended. */
async function outlookOf(
  db: Queryable,
  catalog: Catalog,
  run: RunFacts,
  { progress, entities }: { progress: readonly EntityProgress[]; entities: readonly EntityView[] },
): Promise<Pick<RunView, keyof typeof NOTHING>> {
  if (run.finishedAt !== null) return NOTHING;
  const pace = await measurePace(db, run.id);
  const activity = await measureActivity(db, run.id);
  const known = run.status === "running" && pace !== undefined && !progress.some(isUnforeseeable);
  const stall = await findStall(db, run.id, catalog);
  return {
    stalled: stall === undefined ? null : stallView(stall),
    rowsPerSecond: activity.rowsPerSecond,
    eta: known ? estimate(evidenceOf(progress, pace)) : null,
    limitedBy: limitOf({
      ...activity,
      run: run.status,
      entities,
      seconds: pace?.seconds ?? 0,
      // Beside a stall, too: another part may be held up.
      holds: await currentHolds(db),
      spared: await pausedBySource(db, run.id),
    }),
  };
}

function stallView(stall: Stall): RunView["stalled"] {
  const entities = stall.work.flatMap(({ entity }) => entity ?? []);
  return { seconds: stall.seconds, says: stallInWords(stall), entities };
}

/** Nobody knows how much there is, or when a person will help. */
function isUnforeseeable(one: EntityProgress): boolean {
  return one.status === "waiting" || one.status === "planning" || isBlocked(one);
}

interface Parents {
  /** In this run. */
  readonly parents: string[];
  /** Those whose settling an entity waits for. */
  readonly waitingFor: string[];
}

function parentsOf(catalog: Catalog, progress: readonly EntityProgress[], entity: string): Parents {
  const known = catalog.find((one) => one.name === entity)?.parents ?? {};
  const parents = progress.filter((one) => Object.hasOwn(known, one.entity));
  const open = parents.filter((one) => !isSettled(one));
  return { parents: parents.map(nameOf), waitingFor: open.map(nameOf) };
}

function nameOf({ entity }: EntityProgress): string {
  return entity;
}

function sameEntity({ entity }: EntityProgress): (other: Exhausted) => boolean {
  return (other) => other.entity === entity;
}

function viewOfEntity(
  run: RunFacts,
  one: EntityProgress,
  { parents, waitingFor }: Parents,
  backup: BackupView | undefined,
  exhausted: Exhausted | undefined,
): EntityView {
  const { batches: total, batchesDone: done, batchesFailed: failed, loadMs: _, ...rest } = one;
  return {
    ...rest,
    why:
      why(run, one, waitingFor, backup?.status) +
      (exhausted === undefined ? "" : `; ${exhaustedInWords(exhausted)}`),
    parents,
    waitingFor,
    batches: { total, done, failed },
    percent: percentOf(one),
    sumClosed: isClosed(one),
    drift: one.status === "complete" ? one.read - one.expected : null,
  };
}

function add(run: RunFacts | undefined, progress: readonly EntityProgress[]): Totals {
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
    gone: sum((one) => one.gone),
    goneArchived: sum((one) => one.goneArchived),
    goneDeleted: sum((one) => one.goneDeleted),
    strangers: sum((one) => one.strangers),
    adopted: sum((one) => one.adopted),
    unforeseen: sum((one) => one.unforeseen),
    unchanged: sum((one) => one.unchanged),
  };
  return { ...counts, percent: percentOfAll(run, progress), sumClosed: progress.every(isClosed) };
}

function isDone({ status }: EntityProgress): boolean {
  return status === "complete" || status === "skipped";
}

function isClosed({ read, loaded, rejected, parked }: EntityProgress): boolean {
  return read === loaded + rejected + parked;
}

function percentOf(one: EntityProgress): number {
  return isDone(one) ? 100 : one.percent;
}

/**
 * The entities' shares, weighed by their rows: since none of them falls and what is planned stays, neither does the whole.
 * 0 while something is still being planned: nobody knows yet of how much. 100 when the run is completed: until then an operator may requeue.
 */
function percentOfAll(run: RunFacts | undefined, progress: readonly EntityProgress[]): number {
  if (run?.status === "completed" && progress.every(isDone)) return 100;
  if (progress.some(({ status }) => status === "waiting" || status === "planning")) return 0;
  const expected = progress.reduce((rows, one) => rows + one.expected, 0);
  const tenths = progress.reduce(
    (sum, one) => sum + one.expected * Math.round(10 * percentOf(one)),
    0,
  );
  return expected === 0 ? 0 : Math.min(99.9, Math.floor(tenths / expected) / 10);
}
