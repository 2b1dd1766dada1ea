/** Records what an entity's comparison with the source found, a page of keys at a time: keys that are missing here, and keys that are gone there. */
import { inTrips, type Pool, type Queryable, together } from "@nexus/shared/database";
import { BEGINNING, type ComparedPage, type Key, MOST_MISSING } from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";

/** Where the comparison of an entity stands: int8's least value is text. Undefined: there is nothing to compare (any more). */
export async function goneCursor(
  db: Queryable,
  runId: number,
  entity: string,
): Promise<Key | undefined> {
  const found = await db.query<{ cursor: Key | null }>(
    `select gone_cursor as cursor from migration.run_entities where run_id = $1 and entity = $2 and status = 'settling'`,
    [runId, entity],
  );
  return found.rows[0]?.cursor ?? undefined;
}

/** Records a page that was compared; with the last one the comparison ends. Of two extractors, one does. */
export async function recordPage(
  target: Pool,
  runId: number,
  entity: string,
  after: Key,
  { to, missing, gone }: ComparedPage,
): Promise<void> {
  await inTrips(target, {
    first: async () => undefined,
    work: (tx) => moveCursor(tx, runId, entity, after, to),
    last: async (tx, moved) => {
      if (!moved) return;
      const recorded = together([
        isBeginning(after) && forget(tx, runId, entity),
        gone.length > 0 && recordGone(tx, runId, entity, gone),
        missing.length > 0 && recordMissing(tx, runId, entity, missing),
        to === null && endComparison(tx, runId, entity),
      ]);
      failpoint("gone.recorded");
      await recorded;
    },
  });
}

async function recordGone(
  tx: Queryable,
  runId: number,
  entity: string,
  gone: readonly number[],
): Promise<void> {
  await tx.query(
    `insert into migration.gone_rows (entity, legacy_id, found_run, run_id) select $1, id, $2, $2 from unnest($3::bigint[]) id
     on conflict (entity, legacy_id) do update set run_id = excluded.run_id, stale = false`,
    [entity, runId, gone],
  );
}

async function recordMissing(
  tx: Queryable,
  runId: number,
  entity: string,
  missing: readonly Key[],
): Promise<void> {
  await tx.query(
    `insert into migration.missing_keys (run_id, entity, legacy_id) select $1, $2, id from unnest($3::bigint[]) id
     limit greatest(0, ${MOST_MISSING} - (select count(*) from migration.missing_keys where run_id = $1 and entity = $2))`,
    [runId, entity, missing],
  );
}

/** Marks the gone rows of an earlier comparison as stale, until they are found again, and forgets its missing keys. */
async function forget(tx: Queryable, runId: number, entity: string): Promise<void> {
  const values = [runId, entity];
  await together([
    tx.query(`update migration.gone_rows set stale = true where entity = $1 and not stale`, [
      entity,
    ]),
    tx.query(`delete from migration.missing_keys where run_id = $1 and entity = $2`, values),
  ]);
}

/** Forgets what was not found again: it is back, or is not in the target any more. */
async function endComparison(tx: Queryable, runId: number, entity: string): Promise<void> {
  const stale = tx.query(`delete from migration.gone_rows where entity = $1 and stale`, [entity]);
  const counted = tx.query(
    `update migration.run_entities set gone_compared_at = now(),
       gone = gone_deleted + (select count(*) from migration.gone_rows where entity = $2)
     where run_id = $1 and entity = $2`,
    [runId, entity],
  );
  await together([stale, counted]);
}

async function moveCursor(
  tx: Queryable,
  runId: number,
  entity: string,
  after: Key,
  to: Key | null,
): Promise<boolean> {
  const moved = await tx.query(
    `update migration.run_entities set gone_cursor = $4, moved_at = now()
     where run_id = $1 and entity = $2 and gone_cursor = $3::bigint`,
    [runId, entity, after, to],
  );
  return moved.rowCount === 1;
}

export function isBeginning(cursor: Key): boolean {
  return cursor === BEGINNING;
}

/** Percent of an entity's rows that a run deletes without asking. */
const DELETED_PERCENT = 1;

/** Rows of an entity that are gone, as this run found them. */
export async function goneCount(tx: Queryable, runId: number, entity: string): Promise<number> {
  const found = await tx.query<{ gone: number }>(
    `select gone from migration.run_entities where run_id = $1 and entity = $2`,
    [runId, entity],
  );
  return found.rows[0]?.gone ?? 0;
}

/**
 * A share of the rows may be gone, or a few of few, never more than half: a source that suddenly shows nothing (its policies, a wrong
 * schema, a restore that is under way) is no reason to believe that everybody left. An operator's own limit is taken at its word.
 * Where they are to be deleted, a person is asked from one in a hundred on; what is never deleted does not count.
 * `held`: rows of the target with a legacy key.
 */
export async function goneIsTolerable(
  tx: Queryable,
  runId: number,
  entity: string,
  held: number,
): Promise<boolean> {
  const found = await tx.query<{ tolerable: boolean }>(
    `select case when e.gone_policy = 'delete'
         then (e.gone - kept.rows) * 100 <= ($3::bigint + e.gone_deleted) * coalesce(e.gone_percent, least(r.gone_percent, ${DELETED_PERCENT}))
         else e.gone * 100 <= $3::bigint * coalesce(e.gone_percent, r.gone_percent)
           or (e.gone_percent is null and e.gone <= 10 and e.gone * 2 <= $3::bigint) end as tolerable
     from migration.run_entities e join migration.runs r on r.id = e.run_id
     cross join lateral (
       select count(*) as rows from migration.gone_rows g where g.entity = e.entity and g.run_id = e.run_id and g.fate = 'not_inserted') kept
     where e.run_id = $1 and e.entity = $2`,
    [runId, entity, held],
  );
  return found.rows[0]?.tolerable ?? true;
}
