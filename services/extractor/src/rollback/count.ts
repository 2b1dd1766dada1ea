/** What a rollback did in an entity, or would do, in numbers of rows. */
import type { Entity } from "@nexus/catalog";
import type { Client } from "@nexus/shared/database";
import type { Rollback } from "@nexus/shared/ledger";
import type { Place } from "./place.ts";

export interface Counts {
  readonly deleted: number;
  readonly restored: number;
  /** By reason. */
  readonly left: Readonly<Record<string, number>>;
}

/** Each row that the run wrote, once; `fresh`: it was not there before; `removed`: the run deleted it. Parameters: the run, the entity. */
const ROWS = `rows as (
  select r.id, bool_or(r.fresh) as fresh, bool_or(r.removed) as removed from migration.undo u cross join lateral (
    select unnest(u.inserted) as id, true as fresh, false as removed where u.entity = $2
    union all select unnest(u.updated), false, false where u.entity = $2
    union all select (r ->> 'id')::uuid, false, true from unnest(u.removed) r where u.entity = $2
    union all select (along ->> 'id')::uuid, false, false from jsonb_array_elements(nullif(u.taken_along -> $2, 'null')) along) r
  where u.run_id = $1`;

/** What would be done. Whether rows of other entities of ours will still refer to one is not foretold. */
export async function countPlanned(
  tx: Client,
  { runId }: Rollback,
  { entity, referredByOthers }: Place,
): Promise<Counts> {
  const found = await tx.query<{ fate: string; rows: number }>(
    `with ${ROWS} and u.undone_at is null group by r.id)
     select case when t.id is null then case when rows.fresh then 'nothing' when rows.removed then 'restored' else 'gone' end
                 when not exists (select from migration.undo u where u.run_id = $1 and u.xid = t.xmin::text::bigint and (u.only_rows is null or t.id = any(u.only_rows)) offset 0) then 'changed'
                 when not rows.fresh then 'restored'
                 when ${referredByOthers} then 'referred' else 'deleted' end as fate, count(*) as rows
     from rows left join public.${entity.target.table} t on t.id = rows.id group by 1`,
    [runId, entity.name],
  );
  const counts = Object.fromEntries(found.rows.map(({ fate, rows }) => [fate, rows]));
  const { deleted = 0, restored = 0, nothing: _, ...left } = counts;
  return { deleted, restored, left };
}

/** What was done, by the rows that are not listed as left. */
export async function countDone(
  tx: Client,
  { id, runId }: Rollback,
  { name }: Entity,
): Promise<Counts> {
  const found = await tx.query<{ fate: string; rows: number }>(
    `with ${ROWS} group by r.id)
     select coalesce(l.reason, case when rows.fresh then 'deleted' else 'restored' end) as fate, count(*) as rows
     from rows left join migration.rollback_left l on l.rollback_id = $3 and l.entity = $2 and l.id = rows.id group by 1`,
    [runId, name, id],
  );
  const counts = Object.fromEntries(found.rows.map(({ fate, rows }) => [fate, rows]));
  const { deleted = 0, restored = 0, ...left } = counts;
  return { deleted, restored, left };
}

/** After all entities. */
const AFTER_ALL = 1_000;

/** Keeps how many accounts of Supabase Auth are removed, and how many stay with their profiles. One that goes on adds to what it had done. */
export async function recordAccountCounts(
  tx: Client,
  { id }: Rollback,
  removed: number,
  left: number,
): Promise<void> {
  if (removed + left === 0) return;
  await tx.query(
    `insert into migration.rollback_entities as r (rollback_id, entity, position, deleted, restored, rows_left)
     values ($1, 'accounts', ${AFTER_ALL}, $2, 0, $3::jsonb)
     on conflict (rollback_id, entity) do update set deleted = r.deleted + excluded.deleted, rows_left = excluded.rows_left`,
    [id, removed, JSON.stringify(left === 0 ? {} : { profile_left: left })],
  );
}

/** Of the accounts that were to be removed, so many were not, since Supabase Auth has refused. An earlier rollback may have begun with them. */
export async function recordRefusedAccounts(
  tx: Client,
  { id }: Rollback,
  refused: number,
): Promise<void> {
  if (refused === 0) return;
  await tx.query(
    `insert into migration.rollback_entities as r (rollback_id, entity, position, deleted, restored, rows_left)
     values ($1, 'accounts', ${AFTER_ALL}, 0, 0, jsonb_build_object('refused', $2::bigint))
     on conflict (rollback_id, entity) do update set deleted = greatest(r.deleted - $2::bigint, 0), rows_left = r.rows_left || excluded.rows_left`,
    [id, refused],
  );
}

/** Keeps the account of an entity: it says that the entity is done. That of one whose rows went along is kept anew. */
export async function recordCounts(
  tx: Client,
  { id }: Rollback,
  { name }: Entity,
  position: number,
  { deleted, restored, left }: Counts,
): Promise<void> {
  await tx.query(
    `insert into migration.rollback_entities (rollback_id, entity, position, deleted, restored, rows_left)
     values ($1, $2, $3, $4, $5, $6::jsonb)
     on conflict (rollback_id, entity) do update set deleted = excluded.deleted, restored = excluded.restored, rows_left = excluded.rows_left`,
    [id, name, position, deleted, restored, JSON.stringify(left)],
  );
}
