/** Rollbacks: asked for by an operator, done by an extractor, while no run is active. */
import type { Queryable } from "../database/pool.ts";
import type { Columns, rollbacks } from "../tables/index.ts";
import type { By } from "./audit.ts";

type Row = Columns<
  typeof rollbacks,
  { id: "id"; runId: "run_id"; kind: "kind"; entities: "entities"; actor: "actor" }
>;

/** A rollback that is asked for. */
export interface Rollback extends Omit<Row, "entities"> {
  /** Null: all of the run. */
  readonly entities: readonly string[] | null;
}

/** The rollback that is asked for and not done yet. */
export async function openRollback(db: Queryable): Promise<Rollback | undefined> {
  const found = await db.query<Row>(
    `select id, run_id as "runId", kind, entities::text, actor from migration.rollbacks where status = 'open'`,
  );
  const [row] = found.rows;
  return row && { ...row, entities: JSON.parse(row.entities ?? "null") };
}

/** Asks for a rollback, under `lockStarts`. What another one of the run has left, when it ended too early, is left by this one, too. */
export async function createRollback(
  tx: Queryable,
  asked: Pick<Rollback, "runId" | "kind" | "entities">,
  { actor, reason }: By,
): Promise<number> {
  const made = await tx.query<{ id: number }>(
    `insert into migration.rollbacks (run_id, kind, entities, actor, reason) values ($1, $2, $3::jsonb, $4, $5) returning id`,
    [asked.runId, asked.kind, asked.entities && JSON.stringify(asked.entities), actor, reason],
  );
  const [row] = made.rows;
  if (row === undefined) throw new Error("a rollback without a row");
  if (asked.kind === "rollback") {
    await inheritLeft(tx, row.id, asked.runId);
    await forgetWhatWasRead(tx, asked.runId);
  }
  return row.id;
}

/** The target will not be what the run made of what it read: the next delta reads these entities wholly, however far the rollback gets. */
async function forgetWhatWasRead(tx: Queryable, runId: number): Promise<void> {
  await tx.query(
    `delete from migration.fingerprints
     where entity in (select entity from migration.run_entities where run_id = $1 and status <> 'skipped')`,
    [runId],
  );
}

async function inheritLeft(tx: Queryable, id: number, runId: number): Promise<void> {
  await tx.query(
    `insert into migration.rollback_left (rollback_id, entity, id, reason, legacy_id)
     select $1::integer, l.entity, l.id, l.reason, l.legacy_id from migration.rollback_left l
     where l.rollback_id = (select max(id) from migration.rollbacks where run_id = $2 and kind = 'rollback' and id < $1::integer)
       and exists (select from migration.run_entities e where e.run_id = $2 and e.entity = l.entity and e.status <> 'rolled_back')`,
    [id, runId],
  );
}
