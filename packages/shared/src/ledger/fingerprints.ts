/** Fingerprints of source rows: what each was when it was read last. Written with the rows, in one transaction. */
import type { Queryable } from "../database/pool.ts";
import type { ClaimedBatch } from "./batches.ts";

type Key = number | string;

/** The run keeps fingerprints. `marks`: by table of the source, what it was before anything was read. */
export async function beginFingerprints(
  tx: Queryable,
  runId: number,
  marks: Readonly<Record<string, string>>,
): Promise<void> {
  await tx.query(
    `update migration.runs set fingerprints = true, source_marks = $2::jsonb where id = $1`,
    [runId, JSON.stringify(marks)],
  );
}

/** By table of the source, what it was before a run read anything; nothing of what could not be looked at. Undefined: the run keeps no fingerprints. */
export async function marksAtBegin(
  db: Queryable,
  runId: number,
): Promise<Readonly<Record<string, string>> | undefined> {
  const found = await db.query<{ marks: string }>(
    `select coalesce(source_marks, '{}')::text as marks from migration.runs where id = $1 and fingerprints`,
    [runId],
  );
  const [row] = found.rows;
  return row && JSON.parse(row.marks);
}

/** Keeps those of a batch in place of what an earlier generation of it kept. `version`: what else its outcomes depend on. */
export async function keepFingerprints(
  tx: Queryable,
  { id, runId, entity, after, to }: ClaimedBatch,
  version: string,
  found: ReadonlyMap<number, Key>,
): Promise<void> {
  const sorted = [...found].sort(([one], [other]) => one - other);
  await tx.query(
    `insert into migration.fingerprints (batch_id, run_id, entity, version, after_key, to_key, keys, hashes, sum)
     select $1, $2, $3, $4, $5::bigint, $6::bigint, $7::bigint[], $8::bigint[], (select coalesce(sum(h), 0) from unnest($8::bigint[]) h)
     on conflict (batch_id) do update set version = excluded.version, keys = excluded.keys, hashes = excluded.hashes, sum = excluded.sum`,
    [
      id,
      runId,
      entity,
      version,
      after,
      to,
      `{${sorted.map(([key]) => key).join(",")}}`,
      `{${sorted.map(([, hash]) => hash).join(",")}}`,
    ],
  );
}

/** Nothing is known of these entities any more: the next delta reads all of them. */
export async function voidFingerprints(tx: Queryable, names: readonly string[]): Promise<void> {
  await tx.query(`delete from migration.fingerprints where entity = any($1::text[])`, [names]);
}

/** A range (after, to] of which is known what its rows were: how many, and the sum of their fingerprints in digits. */
export interface KnownRange {
  readonly id: number;
  readonly after: Key;
  readonly to: Key;
  readonly rows: number;
  readonly sum: string;
}

/** The first ranges that begin at a key or behind it and were read under these circumstances. */
export async function knownRanges(
  db: Queryable,
  entity: string,
  version: string,
  from: Key,
  limit: number,
): Promise<KnownRange[]> {
  const found = await db.query<KnownRange>(
    `select batch_id as id, after_key as after, to_key as "to", cardinality(keys) as rows, sum::text as sum
     from migration.fingerprints
     where entity = $1 and version = $2 and after_key >= $3::bigint and merged order by after_key limit $4`,
    [entity, version, from, limit],
  );
  return found.rows;
}

/** How much is known of an entity under these circumstances: rows, in so many ranges, and the last key of them; undefined where nothing is. */
export interface Known {
  readonly rows: number;
  readonly ranges: number;
  readonly to: Key;
}

export async function knownOf(
  db: Queryable,
  entity: string,
  version: string,
): Promise<Known | undefined> {
  const found = await db.query<Known | { readonly to: null }>(
    `select coalesce(sum(cardinality(keys)), 0) as rows, count(*) as ranges, max(to_key) as "to"
     from migration.fingerprints where entity = $1 and version = $2 and merged`,
    [entity, version],
  );
  const [known] = found.rows;
  return known === undefined || known.to === null ? undefined : known;
}

/** The fingerprints of some ranges: for each, its keys and what is known of them, in the same order. */
export async function knownRows(
  db: Queryable,
  ids: readonly number[],
): Promise<ReadonlyMap<number, ReadonlyMap<Key, string>>> {
  const found = await db.query<{ id: number; keys: Key[]; hashes: Key[] }>(
    `select batch_id as id, keys, hashes from migration.fingerprints where batch_id = any($1::bigint[])`,
    [ids],
  );
  return new Map(
    found.rows.map(({ id, keys, hashes }) => [
      id,
      new Map(keys.map((key, at) => [key, String(hashes[at])])),
    ]),
  );
}

/**
 * Whether the target holds fewer rows with a legacy key than were loaded of those that are known: somebody has taken some away. Rows that are
 * gone from the source do not stand in for others, nor do exceptions of rows of which nothing is known.
 */
export async function lacksKnownRows(
  tx: Queryable,
  entity: string,
  { table, key }: { readonly table: string; readonly key: string },
): Promise<boolean> {
  const found = await tx.query<{ lacks: boolean }>(
    `with known as (
       select unnest(keys) as key from migration.fingerprints where entity = $1 and merged)
     select (select count(${key}) from public.${table} t
              where not exists (select from migration.gone_rows g where g.entity = $1 and g.legacy_id = t.${key}))
       < (select count(*) from known)
         - (select count(*) from known join migration.exceptions x on x.legacy_id = known.key
             where x.entity = $1 and x.resolved_at is null) as lacks`,
    [entity],
  );
  return found.rows[0]?.lacks ?? false;
}
