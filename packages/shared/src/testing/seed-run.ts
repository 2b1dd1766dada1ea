import type { Queryable } from "../database/pool.ts";
import type { BatchStatus, EntityStatus, RunStatus } from "../states/states.ts";

/** A run as a test wants to find it. */
export interface SeedRun {
  readonly status: RunStatus;
  /** Entities by name, parents first. */
  readonly entities: Readonly<Record<string, SeedEntity>>;
}

export interface SeedEntity {
  readonly status: EntityStatus;
  /** Each batch holds ten keys: 1 to 10, 11 to 20 and so on. */
  readonly batches?: readonly SeedBatch[];
}

export interface SeedBatch {
  readonly status: BatchStatus;
  readonly attempts?: number;
  /** Legacy ids of its open exceptions. */
  readonly rejected?: readonly number[];
  readonly parked?: readonly number[];
}

/** Writes a run straight into the ledger. Returns its id. */
export async function seedRun(db: Queryable, { status, entities }: SeedRun): Promise<number> {
  const runId = await insert(
    db,
    `insert into migration.runs (status, embeddings) values ($1, false) returning id`,
    [status],
  );
  for (const [position, [entity, seed]] of Object.entries(entities).entries()) {
    const batches = seed.batches ?? [];
    await db.query(
      `insert into migration.run_entities (run_id, entity, position, status, batches, expected) values ($1, $2, $3, $4, $5, $5 * 10)`,
      [runId, entity, position, seed.status, batches.length],
    );
    for (const [index, batch] of batches.entries())
      await seedBatch(db, runId, entity, index + 1, batch);
  }
  return runId;
}

async function seedBatch(
  db: Queryable,
  runId: number,
  entity: string,
  seq: number,
  { status, attempts = 0, rejected = [], parked = [] }: SeedBatch,
): Promise<void> {
  const read = status === "done" ? 10 : 0;
  const loaded = status === "done" ? 10 - rejected.length - parked.length : 0;
  const id = await insert(
    db,
    `insert into migration.batches
       (run_id, entity, seq, after_key, to_key, expected, status, attempts, read, loaded, inserted, rejected, parked, finished_at)
     values ($1, $2, $3, ($3 - 1) * 10, $3 * 10, 10, $4, $5, $6, $7, $7, $8, $9, case when $4 in ('done', 'failed') then now() end)
     returning id`,
    [runId, entity, seq, status, attempts, read, loaded, rejected.length, parked.length],
  );
  await db.query(
    `insert into migration.exceptions (run_id, entity, legacy_id, batch_id, outcome, reason, column_name)
     select $1, $2, id, $3, 'rejected', 'required_missing', 'name' from unnest($4::bigint[]) as id`,
    [runId, entity, id, rejected],
  );
  await db.query(
    `insert into migration.exceptions (run_id, entity, legacy_id, batch_id, outcome, reason, missing_entity, missing_id)
     select $1, $2, id, $3, 'parked', 'parent_missing', 'practices', id + 1000 from unnest($4::bigint[]) as id`,
    [runId, entity, id, parked],
  );
}

async function insert(db: Queryable, sql: string, values: unknown[]): Promise<number> {
  const inserted = await db.query<{ id: number }>(sql, values);
  const id = inserted.rows[0]?.id;
  if (id === undefined) throw new Error("nothing was inserted");
  return id;
}
