/** Children of parents that changed are planned again. See docs/decisions/children-follow-their-parents.md. */
import type { Entity } from "@nexus/catalog";
import { type Queryable, together } from "@nexus/shared/database";
import {
  addEntities,
  bringBack,
  lockRun,
  markPlanned,
  planNextGeneration,
  voidFingerprints,
} from "@nexus/shared/ledger";
import { planKeys } from "./plan-keys.ts";

/**
 * Plans the children again of parents that changed since the entity was opened: the finished batches that hold them, and others for
 * those that no batch of the run holds. Call it with the entity's row locked, when nothing of it is in flight. Returns how many batches.
 */
export async function reloadMoved(tx: Queryable, runId: number, entity: Entity): Promise<number> {
  const read = tx.query(`delete from migration.moved_parents where child = $1 and run_id = $2`, [
    entity.name,
    runId,
  ]);
  const moved = entity.followsCase === true ? [] : takeMoved(tx, runId, entity);
  const held = childrenOf(entity, (await together([read, moved]))[1]);
  if (held === "none") return 0;
  const again = await replan(tx, runId, entity, held);
  return again + (await planOthers(tx, runId, entity, held === "unknown" ? UNREAD : held));
}

async function replan(
  tx: Queryable,
  runId: number,
  entity: Entity,
  held: Held | "unknown",
): Promise<number> {
  const { table, key } = entity.target;
  const some = (keys: string): string =>
    held === "unknown"
      ? "true"
      : `exists (select from public.${table} t where ${keys} and (${held.sql}))`;
  const again = await planNextGeneration(tx, {
    sql: `b.run_id = $1 and b.entity = $2 and b.status = 'done' and (
       ${some(`t.${key} > b.after_key and t.${key} <= b.to_key`)} or ${some(`t.${key} = any(b.keys)`)})`,
    values: [runId, entity.name, ...(held === "unknown" ? [] : held.values)],
  });
  return again.length;
}

/** The rows that a delta has not read: who does not know which are children reads all. */
const UNREAD = "unread";

async function planOthers(
  tx: Queryable,
  runId: number,
  entity: Entity,
  held: Held | typeof UNREAD,
): Promise<number> {
  const { table, key } = entity.target;
  const others =
    held === UNREAD
      ? { sql: UNREAD_KEYS, values: [] }
      : {
          sql: `select ${key} as key from public.${table} t where ${held.sql}`,
          values: held.values,
        };
  return await planKeys(tx, runId, entity.name, others);
}

const UNREAD_KEYS = `
  select k.key from migration.fingerprints f cross join lateral unnest(f.keys) k (key)
  where f.entity = $2 and f.merged and f.run_id < $1 and k.key between -2147483648 and 2147483647
    and exists (select from migration.run_entities e where e.run_id = $1 and e.entity = $2 and e.unchanged > 0)`;

/** Entities with children of parents that changed since. */
export async function movedChildren(db: Queryable, runId: number | null): Promise<string[]> {
  const found = await db.query<{ child: string }>(
    `select distinct child from migration.moved_parents where run_id is distinct from $1::integer order by 1`,
    [runId],
  );
  return found.rows.map(({ child }) => child);
}

/**
 * Adds an entity to a run that has no part in it, to load the children again whose parents changed: by their keys, or all of them
 * where only the source knows which they are. Returns whether it did.
 */
export async function addMoved(
  tx: Queryable,
  runId: number,
  entity: Entity,
  position: number,
): Promise<boolean> {
  if ((await lockRun(tx, runId)) !== "running") return false;
  if ((await addEntities(tx, runId, [{ entity: entity.name, position, skip: false }])) === 0)
    return false;
  const held = childrenOf(entity, await takeMoved(tx, runId, entity));
  if (held === "unknown") await voidFingerprints(tx, [entity.name]); // It is read wholly, in a delta too.
  if (held === "none" || held === "unknown") return true;
  await planOthers(tx, runId, entity, held);
  await markPlanned(tx, runId, entity.name);
  return true;
}

/**
 * Looks once more after the rows that follow their case at once: whoever wrote one when the case had moved, and settled before that
 * was committed, could not know. Returns how many were apart.
 */
export async function followAfter(tx: Queryable, entity: Entity): Promise<number> {
  const moved = await tx.query<{ id: string }>(
    `delete from migration.moved_parents where child = $1 returning parent_id::text as id`,
    [entity.name],
  );
  return await bringBack(
    tx,
    entity,
    moved.rows.map(({ id }) => id),
  );
}

interface Moved {
  readonly parent: string;
  readonly ids: readonly string[];
}

/**
 * Taken away and told in one statement: what is noted from now on stays. Parents to which the target holds no reference stay as
 * well where the run does not read all of the entity: it cannot tell their children.
 */
async function takeMoved(tx: Queryable, runId: number, { name, target }: Entity): Promise<Moved[]> {
  const referred = Object.values(target.columns).flatMap(({ references }) => references ?? []);
  const taken = await tx.query<{ parent: string; id: string }>(
    `delete from migration.moved_parents m using migration.run_entities e
     where m.child = $1 and m.run_id is distinct from $2::integer and e.run_id = $2 and e.entity = $1
       and (m.parent = any($3::text[]) or e.cursor_key > -9223372036854775808 or e.batches = 0)
     returning m.parent, m.parent_id::text as id`,
    [name, runId, referred],
  );
  const parents = [...new Set(taken.rows.map(({ parent }) => parent))];
  return parents.map((parent) => ({
    parent,
    ids: taken.rows.filter((row) => row.parent === parent).map(({ id }) => id),
  }));
}

/** The condition that `t` is a child of one of some parents, whose ids are parameters from the third on. */
interface Held {
  readonly sql: string;
  readonly values: readonly (readonly string[])[];
}

/** `unknown`: the target does not hold a reference to one of them. */
function childrenOf({ target }: Entity, moved: readonly Moved[]): Held | "unknown" | "none" {
  if (moved.length === 0) return "none";
  const columns = moved.map(({ parent }) =>
    Object.keys(target.columns).filter((column) => target.columns[column]?.references === parent),
  );
  if (columns.some((found) => found.length === 0)) return "unknown";
  const clauses = columns.flatMap((found, n) =>
    found.map((column) => `t.${column} = any($${n + 3}::uuid[])`),
  );
  return { sql: clauses.join(" or "), values: moved.map(({ ids }) => ids) };
}
