/** Progress: the counts of finished batches, rolled up into one row per entity. */
import type { Queryable } from "../database/pool.ts";
import type { EntityStatus } from "../states/states.ts";
import type { Columns, GonePolicy, runEntities } from "../tables/index.ts";

/** An entity of a run as people and scrapes see it. */
export interface EntityProgress {
  readonly entity: string;
  readonly status: EntityStatus;
  readonly waived: boolean;
  readonly expected: number;
  readonly batches: number;
  readonly batchesDone: number;
  readonly batchesFailed: number;
  readonly read: number;
  readonly loaded: number;
  readonly inserted: number;
  readonly updated: number;
  readonly rejected: number;
  readonly parked: number;
  readonly excluded: number;
  readonly noted: number;
  /** Rows of the target whose key the source no longer has; 0 until it was compared. */
  readonly gone: number;
  /** What the run does about them, and of them, those that are marked in the target, that it deleted, and that it left, by reason. */
  readonly gonePolicy: GonePolicy;
  readonly goneArchived: number;
  readonly goneDeleted: number;
  readonly goneLeft: Readonly<Record<string, number>>;
  /** Rows of the target without a legacy key, which no run touches. */
  readonly strangers: number;
  /** Rows of the target that were given their legacy key by an adoption. */
  readonly adopted: number;
  /** Rows that a delta did not read, because they are as they were when they were read last. */
  readonly unchanged: number;
  /** Ranges of keys that a delta has compared with what was read before, and those that were equal. */
  readonly rangesCompared: number;
  readonly rangesEqual: number;
  /** Why a delta reads all of it; null where it does not. */
  readonly readWhole: string | null;
  /** Of the rejected rows, those whose reason nobody foresaw. */
  readonly unforeseen: number;
  /** Of them, the most frequent reason, once the entity is blocked for them. */
  readonly lossReason: string | null;
  readonly lossColumn: string | null;
  /** Never falls during a run, and is 100 once the entity is settled. */
  readonly percent: number;
  /** Milliseconds of loaders' work behind the counts. */
  readonly loadMs: number;
  readonly startedAt: string | null;
  readonly settledAt: string | null;
  readonly errorCode: string | null;
}

/** Rounded down to a tenth. A live source may hold more rows than were planned: what is not settled never shows more than 99.9. */
const PERCENT = `least(99.9, floor(coalesce(1000.0 * (c.read + e.excluded) / nullif(e.expected, 0), 0)) / 10)`;

/** Rolls the batches of a run's entities up into their rows. Entities that somebody else has locked wait for the next round. */
export async function rollUpCounts(
  db: Queryable,
  runId: number,
  entities: readonly string[],
): Promise<void> {
  await db.query(
    `with mine as (
       select entity from migration.run_entities
       where run_id = $1 and entity = any($2::text[]) order by position for update skip locked),
     counts as (
       select entity, count(*) as batches,
         count(*) filter (where status = 'done') as done, count(*) filter (where status = 'failed') as failed,
         sum(read) as read, sum(loaded) as loaded, sum(inserted) as inserted, sum(updated) as updated,
         sum(rejected) as rejected, sum(parked) as parked, sum(noted) as noted, sum(unforeseen) as unforeseen,
         sum(duration_ms) as load_ms, sum(source_ms) as source_ms
       from migration.batches where run_id = $1 and entity in (select entity from mine) group by entity)
     update migration.run_entities e set
       batches = c.batches, batches_done = c.done, batches_failed = c.failed, read = c.read, loaded = c.loaded,
       inserted = c.inserted, updated = c.updated, rejected = c.rejected, parked = c.parked, noted = c.noted, unforeseen = c.unforeseen,
       load_ms = coalesce(c.load_ms, 0), source_ms = coalesce(c.source_ms, 0), percent = greatest(e.percent, ${PERCENT})
     from counts c where e.run_id = $1 and e.entity = c.entity`,
    [runId, entities],
  );
}

/** Instants come as ISO 8601. */
type EntityRow = Pick<typeof runEntities.$inferSelect, Kept> &
  Columns<
    typeof runEntities,
    {
      batchesDone: "batches_done";
      batchesFailed: "batches_failed";
      lossReason: "loss_reason";
      lossColumn: "loss_column";
      loadMs: "load_ms";
      startedAt: "started_at";
      settledAt: "settled_at";
      errorCode: "error_code";
      rangesCompared: "ranges_compared";
      rangesEqual: "ranges_equal";
      readWhole: "read_whole";
      gonePolicy: "gone_policy";
      goneArchived: "gone_archived";
      goneDeleted: "gone_deleted";
      goneLeft: "gone_left";
    }
  >;

type Kept =
  | "entity"
  | "status"
  | "waived"
  | "expected"
  | "batches"
  | "read"
  | "loaded"
  | "inserted"
  | "updated"
  | "rejected"
  | "parked"
  | "excluded"
  | "noted"
  | "unforeseen"
  | "gone"
  | "strangers"
  | "adopted"
  | "unchanged"
  | "percent";

/** The counts of a run, as they were rolled up, in the order of the catalog. Its cost does not grow with the tables. */
export async function progressOf(db: Queryable, runId: number): Promise<EntityProgress[]> {
  const found = await db.query<EntityRow>(
    `select entity, status, waived, expected, batches, batches_done as "batchesDone", batches_failed as "batchesFailed",
       read, loaded, inserted, updated, rejected, parked, excluded, noted, unforeseen, strangers, adopted, unchanged,
       ranges_compared as "rangesCompared", ranges_equal as "rangesEqual", read_whole as "readWhole",
       gone, gone_policy as "gonePolicy", gone_archived as "goneArchived", gone_deleted as "goneDeleted", gone_left::text as "goneLeft",
       loss_reason as "lossReason", loss_column as "lossColumn", percent, load_ms as "loadMs",
       to_json(started_at) #>> '{}' as "startedAt", to_json(settled_at) #>> '{}' as "settledAt", error_code as "errorCode"
     from migration.run_entities where run_id = $1 order by position`,
    [runId],
  );
  return found.rows.map(({ goneLeft, ...row }) => ({ ...row, goneLeft: JSON.parse(goneLeft) }));
}
