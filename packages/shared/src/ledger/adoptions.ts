/** Adoptions: asked for by an operator, done by an extractor, while no run is active. */
import type { Queryable } from "../database/pool.ts";
import type { Changes } from "../database/sent-rows.ts";
import type { ClaimedBatch } from "./batches.ts";

export type AdoptionKind = "plan" | "adopt" | "undo";

/** What an operator says about how rows are known again. */
export interface Asked {
  /** For an entity the column or member that holds its legacy id: `metadata.legacy_user_id`. */
  readonly keys: Readonly<Record<string, string>>;
  /** The namespace of another tool's UUIDv5 ids. */
  readonly namespace: string | null;
  /** Of duplicates, the ones that are adopted. */
  readonly keep: readonly string[];
  /** Why what is left may stay; null: nothing is said of it. */
  readonly leaveStrangers: string | null;
  /** Overrides of the catalog's codes, as JSON text: a plan maps as the first run will. */
  readonly codes: string;
}

export interface Adoption {
  readonly id: number;
  readonly kind: AdoptionKind;
  readonly asked: Asked;
  readonly actor: string;
}

/** Starting a run and asking for an adoption exclude each other: each looks for the other under this lock. */
const START_LOCK = 7_014_110_802;

/** Waits until nobody else starts a run or asks for an adoption; held until the transaction ends. */
export async function lockStarts(tx: Queryable): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(${START_LOCK})`);
}

/** The adoption that is asked for and not done yet. */
export async function openAdoption(db: Queryable): Promise<Adoption | undefined> {
  const found = await db.query<Omit<Adoption, "asked"> & { asked: string }>(
    `select id, kind, asked::text, actor from migration.adoptions where status = 'open'`,
  );
  const [row] = found.rows;
  return row === undefined ? undefined : { ...row, asked: askedOf(JSON.parse(row.asked)) };
}

function askedOf(value: Partial<Asked>): Asked {
  const { keys = {}, namespace = null, keep = [], leaveStrangers = null, codes = "{}" } = value;
  return { keys, namespace, keep, leaveStrangers, codes };
}

/** Asks for an adoption, under `lockStarts`. What the plans before it found is forgotten. */
export async function createAdoption(
  tx: Queryable,
  asking: Omit<Adoption, "id"> & { readonly reason: string | null },
): Promise<number> {
  const { kind, asked, actor, reason } = asking;
  await tx.query(
    `delete from migration.adoption_findings f using migration.adoptions a where a.id = f.adoption_id and a.kind = 'plan'`,
  );
  const made = await tx.query<{ id: number }>(
    `insert into migration.adoptions (kind, asked, actor, reason) values ($1, $2::jsonb, $3, $4) returning id`,
    [kind, JSON.stringify(asked), actor, reason],
  );
  const [row] = made.rows;
  if (row === undefined) throw new Error("an adoption without a row");
  return row.id;
}

/** How many rows can be given back: adopted since the newest run that began. */
export async function countUndoable(db: Queryable): Promise<number> {
  const found = await db.query<{ rows: number }>(
    `select count(*) as rows from migration.adopted_rows a where ${SINCE_LAST_RUN}`,
  );
  return found.rows[0]?.rows ?? 0;
}

/** Of `adopted_rows a`: no run has begun since, but for such as were rolled back. */
export const SINCE_LAST_RUN = `not exists (
  select from migration.runs r where r.started_at >= a.adopted_at and r.status <> 'rolled_back')`;

/** Keeps with a run how many rows of each of its entities were adopted. */
export async function recordAdopted(tx: Queryable, runId: number): Promise<void> {
  await tx.query(
    `update migration.run_entities e set adopted = a.rows
     from (select entity, count(*) as rows from migration.adopted_rows group by entity) a
     where e.run_id = $1 and e.entity = a.entity and e.adopted <> a.rows`,
    [runId],
  );
}

/** Entities with rows that were adopted since the run before this one that had part of the entity: the instant when that began. */
export async function adoptedBefore(
  db: Queryable,
  runId: number,
): Promise<ReadonlyMap<string, string>> {
  const found = await db.query<{ entity: string; after: string }>(
    `select a.entity, before.began::text as after
     from (select entity, max(adopted_at) as newest from migration.adopted_rows group by entity) a
     cross join lateral (
       select coalesce(max(r.started_at), '-infinity') as began
       from migration.run_entities e join migration.runs r on r.id = e.run_id
       where e.entity = a.entity and e.status not in ('skipped', 'rolled_back') and r.id < $1) before
     where a.newest > before.began`,
    [runId],
  );
  return new Map(found.rows.map(({ entity, after }) => [entity, after]));
}

/** Keeps what a batch changed in adopted rows. Each generation adds what is left to change. */
export async function recordAdoptedChanges(
  tx: Queryable,
  { id, generation }: Pick<ClaimedBatch, "id" | "generation">,
  { rows, columns }: Changes,
): Promise<void> {
  if (rows === 0) return;
  await tx.query(
    `insert into migration.adopted_changes (batch_id, generation, rows, columns) values ($1, $2, $3, $4::jsonb)
     on conflict (batch_id, generation) do update set rows = excluded.rows, columns = excluded.columns`,
    [id, generation, rows, JSON.stringify(columns)],
  );
}
