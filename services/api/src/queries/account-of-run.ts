import type { Queryable } from "@nexus/shared/database";
import type { EntityStatus } from "@nexus/shared/states";
import type { Columns, runEntities } from "@nexus/shared/tables";

/** Where the rows of one entity are, added up from its batches: not from what was rolled up a moment ago. */
export interface Account {
  readonly entity: string;
  readonly status: EntityStatus;
  readonly waived: boolean;
  readonly expected: number;
  /** Rows read beyond what was expected, in batches that have a result. Below 0: rows that are gone from the source. */
  readonly drift: number;
  readonly excluded: number;
  readonly loaded: number;
  readonly rejected: number;
  readonly parked: number;
  readonly noted: number;
  /** Rows of batches without a result. */
  readonly unread: number;
  readonly batches: number;
  readonly failedBatches: number;
  /** Rows on record that are not in the target. */
  readonly exceptions: number;
  readonly failedChecks: number;
  /** Of the rejected rows, those whose reason nobody foresaw. */
  readonly unforeseen: number;
  /** Rows of the target whose key the source no longer has. */
  readonly gone: number;
  /** Of them, what was done. */
  readonly goneArchived: number;
  readonly goneDeleted: number;
  readonly goneLeft: Readonly<Record<string, number>>;
  readonly errorCode: string | null;
  /** The time from its opening to its settling, to the end of the run, or to now. Null if it has not been opened. */
  readonly seconds: number | null;
}

type Own = Columns<
  typeof runEntities,
  {
    entity: "entity";
    status: "status";
    waived: "waived";
    expected: "expected";
    excluded: "excluded";
    errorCode: "error_code";
    gone: "gone";
    goneArchived: "gone_archived";
    goneDeleted: "gone_deleted";
    goneLeft: "gone_left";
  }
>;

/** What a delta did not read: as many rows have the outcome that they had, of which so many are exceptions of earlier runs. */
interface Former {
  readonly unchanged: number;
  readonly formerlyRejected: number;
  readonly formerlyParked: number;
}

/**
 * The accounts of a run's entities, parents first. A requeued batch keeps its result until the next one: its rows are in the target.
 * Rows that a delta did not read count with the outcome that they had.
 */
export async function accountOfRun(db: Queryable, runId: number): Promise<Account[]> {
  const found = await db.query<Own & Omit<Account, keyof Own> & Former>(
    `select e.unchanged, f.*, e.entity, e.status, e.waived, e.expected, e.excluded, e.error_code as "errorCode", b.*,
       e.gone, e.gone_archived as "goneArchived", e.gone_deleted as "goneDeleted", e.gone_left::text as "goneLeft",
       (select count(*) from migration.exceptions x where x.run_id = e.run_id and x.entity = e.entity) as exceptions,
       (select count(*) from migration.validations v
        where v.run_id = e.run_id and v.entity = e.entity and not v.passed) as "failedChecks",
       floor(extract(epoch from coalesce(e.settled_at, r.finished_at, now()) - e.started_at))::integer as seconds
     from migration.run_entities e
     join migration.runs r on r.id = e.run_id
     cross join lateral (
       select count(*) as batches, count(*) filter (where status = 'failed') as "failedBatches",
         coalesce(sum(loaded), 0)::bigint as loaded, coalesce(sum(rejected), 0)::bigint as rejected,
         coalesce(sum(parked), 0)::bigint as parked, coalesce(sum(noted), 0)::bigint as noted,
         coalesce(sum(unforeseen), 0)::bigint as unforeseen,
         coalesce(sum(read - expected) filter (where status = 'done' or read > 0), 0)::bigint as drift,
         coalesce(sum(expected) filter (where status <> 'done' and read = 0), 0)::bigint as unread
       from migration.batches where run_id = e.run_id and entity = e.entity) b
     cross join lateral (
       select count(*) filter (where outcome = 'rejected') as "formerlyRejected", count(*) filter (where outcome = 'parked') as "formerlyParked"
       from (select distinct on (legacy_id) outcome from migration.exceptions x
             where e.unchanged > 0 and x.entity = e.entity and x.run_id < e.run_id
               and (x.resolved_at is null or x.resolved_at > e.settled_at) order by legacy_id, run_id desc) open) f
     where e.run_id = $1 order by e.position`,
    [runId],
  );
  return found.rows.map(({ goneLeft, ...row }) =>
    withFormer({ ...row, goneLeft: JSON.parse(goneLeft) }),
  );
}

function withFormer({
  unchanged,
  formerlyRejected: rejected,
  formerlyParked: parked,
  ...own
}: Account & Former): Account {
  return {
    ...own,
    expected: own.expected + unchanged,
    loaded: own.loaded + Math.max(0, unchanged - rejected - parked),
    rejected: own.rejected + rejected,
    parked: own.parked + parked,
    exceptions: own.exceptions + rejected + parked,
  };
}
