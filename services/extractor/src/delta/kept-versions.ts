/** What rows of the source were read from, as digests of versions: they tell a delta of which rows to ask. See docs/decisions/delta.md. */
import { GROUP_BITS } from "@nexus/catalog";
import type { Queryable } from "@nexus/shared/database";

type Key = number | string;

/** Groups of rows behind a key, as PostgreSQL writes arrays: nobody here reads them. */
export interface VersionsPage {
  readonly after: Key;
  readonly places: string;
  readonly counts: string;
  readonly versions: string;
}

/** Versions of all rows of an entity. `source`: the server, tables and columns that they are of. */
export interface RowVersions {
  readonly source: string;
  readonly pages: readonly VersionsPage[];
}

/**
 * Keeps those that a run begins an entity with, unless it has some: an extractor that comes later may have looked when rows were compared already. Of
 * those of earlier runs, only what a delta may compare with is left. Call it with the entity's row locked.
 */
export async function keepRowVersions(
  tx: Queryable,
  runId: number,
  entity: string,
  { source, pages }: RowVersions,
): Promise<void> {
  const kept = await tx.query(
    `select from migration.row_versions where entity = $1 and run_id = $2 limit 1`,
    [entity, runId],
  );
  if (kept.rowCount === 1) return;
  await tx.query(
    `delete from migration.row_versions where entity = $1 and run_id is distinct from ${LAST}`,
    [entity, runId],
  );
  for (const { after, places, counts, versions } of pages)
    await tx.query(
      `insert into migration.row_versions (entity, run_id, after_key, source, places, counts, versions)
       values ($1, $2, $3::bigint, $4, $5::bigint[], $6::integer[], $7::bigint[])`,
      [entity, runId, after, source, places, counts, versions],
    );
}

/** Nothing was written in the source since: what the last run had kept is this one's. Returns whether it had kept any. */
export async function takeOverRowVersions(
  tx: Queryable,
  runId: number,
  entity: string,
): Promise<boolean> {
  const taken = await tx.query(
    `update migration.row_versions set run_id = $2 where entity = $1 and run_id = ${LAST}`,
    [entity, runId],
  );
  return (taken.rowCount ?? 0) > 0;
}

/** The newest run before run `$2` that planned all of entity `$1`, if it was completed: then each fingerprint is of what its row was at that time, or later. */
const LAST = `(
  select case when e.status = 'complete' then e.run_id end from migration.run_entities e
  where e.entity = $1 and e.run_id < $2 and e.cursor_key > -9223372036854775808 order by e.run_id desc limit 1)`;

/** Rows that may be other than they were: those of a group. */
export interface Suspects {
  readonly place: Key;
  /** What is known of them: in which range, and the fingerprint, by the same index. */
  readonly keys: readonly Key[];
  readonly ranges: readonly number[];
  readonly hashes: readonly Key[];
}

/** Of which entity of a run, and under which circumstances a fingerprint must have been taken, up to which key. */
export interface SuspectsOf {
  readonly runId: number;
  readonly entity: string;
  readonly version: string;
  readonly upTo: Key;
}

/**
 * Groups of which a version is not what it was when the last run began with the entity, or a row is not known or not there; `limit` at most, and the last
 * one may reach beyond `upTo`. Undefined where there is nothing to compare.
 */
export async function suspects(
  db: Queryable,
  { runId, entity, version, upTo }: SuspectsOf,
  limit: number,
): Promise<Suspects[] | undefined> {
  const comparable = await db.query(
    `select from migration.row_versions n join migration.row_versions b on b.entity = n.entity and b.source = n.source
     where n.entity = $1 and n.run_id = $2 and b.run_id = ${LAST} limit 1`,
    [entity, runId],
  );
  if (comparable.rowCount === 0) return undefined;
  const found = await db.query<Suspects>(
    `with
     -- The groups of keys as the newest run before this one found them, and as they are now.
     before as (
       select u.* from migration.row_versions v cross join lateral unnest(v.places, v.counts, v.versions) u (place, count, version)
       where v.entity = $1 and v.run_id = ${LAST}),
     now as (
       select u.* from migration.row_versions v cross join lateral unnest(v.places, v.counts, v.versions) u (place, count, version)
       where v.entity = $1 and v.run_id = $2 and u.place <= $4::bigint >> ${GROUP_BITS}),
     -- Each key that a delta may leave unread, with its hash and its range.
     known as materialized (
       select f.batch_id as id, u.key, u.hash, u.key >> ${GROUP_BITS} as place
       from migration.fingerprints f cross join lateral unnest(f.keys, f.hashes) u (key, hash)
       where f.entity = $1 and f.version = $3 and f.merged),
     counted as (select place, count(*) as count from known group by place),
     -- Groups in which a row came, went or was written, as far as their versions tell.
     suspect as (
       select place from now n full join counted k using (place) left join before b using (place)
       where n.count is distinct from k.count or b.version is distinct from n.version
       limit $5)
     select s.place, coalesce(array_agg(k.key) filter (where k.id is not null), '{}') as keys,
       coalesce(array_agg(k.id) filter (where k.id is not null), '{}') as ranges,
       coalesce(array_agg(k.hash) filter (where k.id is not null), '{}') as hashes
     from suspect s left join known k using (place) group by s.place`,
    [entity, runId, version, upTo, limit],
  );
  return found.rows;
}
