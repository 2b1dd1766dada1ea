/** Strangers: rows of the target without a legacy key. Nobody's run touches them, and a run asks what shall become of them. */
import type { Entity } from "@nexus/catalog";
import type { Queryable } from "../database/pool.ts";
import { together } from "../database/trips.ts";
import type { By } from "./audit.ts";

/** How many strangers an entity's table holds. */
export interface Strangers {
  readonly entity: string;
  readonly rows: number;
}

/** The strangers of each entity, counted now: none where there is no table yet. */
export async function countStrangers(
  db: Queryable,
  entities: readonly Entity[],
): Promise<Strangers[]> {
  const there = await withTables(db, entities);
  if (there.length === 0) return [];
  const counts = there.map(
    ({ name, target: { table, key } }, position) =>
      `select ${position} as position, '${name}' as entity, count(*) as rows from public.${table} where ${key} is null`,
  );
  const found = await db.query<Strangers>(
    `select entity, rows from (${counts.join(" union all ")}) counted order by position`,
  );
  return found.rows;
}

async function withTables(db: Queryable, entities: readonly Entity[]): Promise<readonly Entity[]> {
  const found = await db.query<{ table: string }>(
    `select t.name as "table" from unnest($1::text[]) as t (name) where to_regclass('public.' || t.name) is not null`,
    [entities.map(({ target }) => target.table)],
  );
  const tables = new Set(found.rows.map(({ table }) => table));
  return entities.filter(({ target }) => tables.has(target.table));
}

/** Of these, those of entities that have more strangers than somebody said may stay. */
export async function undecided(
  db: Queryable,
  counted: readonly Strangers[],
): Promise<readonly Strangers[]> {
  const some = counted.filter(({ rows }) => rows > 0);
  if (some.length === 0) return [];
  const found = await db.query<Strangers>(
    `select entity, rows from migration.left_strangers where entity = any($1::text[])`,
    [some.map(({ entity }) => entity)],
  );
  const left = new Map(found.rows.map(({ entity, rows }) => [entity, rows]));
  return some.filter(({ entity, rows }) => rows > (left.get(entity) ?? 0));
}

/** Keeps that these may stay: who said so, and why. */
export async function leaveStrangers(
  tx: Queryable,
  strangers: readonly Strangers[],
  { actor, reason }: By & { readonly reason: string },
): Promise<void> {
  await tx.query(
    `insert into migration.left_strangers (entity, rows, actor, reason)
     select s.entity, s.rows, $3, $4 from unnest($1::text[], $2::bigint[]) as s (entity, rows)
     on conflict (entity) do update
       set rows = excluded.rows, actor = excluded.actor, reason = excluded.reason, decided_at = excluded.decided_at`,
    [strangers.map(({ entity }) => entity), strangers.map(({ rows }) => rows), actor, reason],
  );
}

/** Keeps with a run how many strangers there are. */
export async function recordStrangers(
  tx: Queryable,
  runId: number,
  strangers: readonly Strangers[],
): Promise<void> {
  await tx.query(
    `update migration.run_entities e set strangers = s.rows
     from unnest($2::text[], $3::bigint[]) as s (entity, rows)
     where e.run_id = $1 and e.entity = s.entity and e.strangers <> s.rows`,
    [runId, strangers.map(({ entity }) => entity), strangers.map(({ rows }) => rows)],
  );
}

/** Keeps with a run, as it begins, how many rows of each of these entities' tables have a legacy key. */
export async function recordKeyed(
  db: Queryable,
  runId: number,
  entities: readonly Entity[],
): Promise<void> {
  const counted = entities.map(({ name, target }) =>
    db.query(
      `update migration.run_entities set keyed_before = (select count(${target.key}) from public.${target.table})
       where run_id = $1 and entity = $2`,
      [runId, name],
    ),
  );
  await together(counted);
}

/** Keeps with a run how many rows an entity's table has. */
export async function recordRows(
  tx: Queryable,
  runId: number,
  { name, target: { table } }: Entity,
): Promise<void> {
  await tx.query(
    `update migration.run_entities set target_rows = (select count(*) from public.${table}) where run_id = $1 and entity = $2`,
    [runId, name],
  );
}
