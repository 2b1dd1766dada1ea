/** Cut-overs: asked for by an operator, walked by extractors, step by step. */
import type { Queryable } from "../database/pool.ts";
import type { CutoverStepName } from "../states/index.ts";
import type { Columns, cutoverSteps, cutovers } from "../tables/index.ts";
import type { By } from "./audit.ts";
import type { Order } from "./order.ts";

/** How a cut-over is to be walked. */
export interface CutoverAsked {
  /** Of the last delta. */
  readonly order: Order;
  /** Seconds for which nobody may be seen to write in the source. */
  readonly quietSeconds: number;
  /** No backup of ours is there: that is somebody else's. */
  readonly withoutBackup: boolean;
  /** A standby is read, and a person says that nobody writes in its primary. */
  readonly sourceFrozen: boolean;
}

type Row = Columns<
  typeof cutovers,
  { id: "id"; kind: "kind"; asked: "asked"; actor: "actor"; reason: "reason" }
>;

/** A cut-over, as those who walk it hold it. */
export interface Cutover extends Omit<Row, "asked"> {
  readonly asked: CutoverAsked;
}

/** The cut-over that is asked for and not at its end. */
export async function openCutover(db: Queryable): Promise<Cutover | undefined> {
  const found = await db.query<Row>(
    `select id, kind, asked::text, actor, reason from migration.cutovers where status = 'open'`,
  );
  const [row] = found.rows;
  return row && { ...row, asked: JSON.parse(row.asked) };
}

/** Asks for a cut-over, under `lockStarts`. */
export async function createCutover(
  tx: Queryable,
  kind: Cutover["kind"],
  asked: CutoverAsked,
  { actor, reason }: By,
): Promise<number> {
  const made = await tx.query<{ id: number }>(
    `insert into migration.cutovers (kind, asked, actor, reason) values ($1, $2::jsonb, $3, $4) returning id`,
    [kind, JSON.stringify(asked), actor, reason],
  );
  const [row] = made.rows;
  if (row === undefined) throw new Error("a cut-over without a row");
  return row.id;
}

/** What keeps others from writing: a cut-over that is being walked, or one that was handed over. Rehearsals keep nobody. */
export async function cutoverInForce(
  db: Queryable,
): Promise<{ readonly id: number; readonly status: "open" | "done" } | undefined> {
  const found = await db.query<{ id: number; status: "open" | "done" }>(
    `select id, status from migration.cutovers where kind = 'go' and status in ('open', 'done') order by id desc limit 1`,
  );
  return found.rows[0];
}

/** Takes back that it was handed over: runs may write again. Returns its number; undefined: nothing was. */
export async function withdrawCutover(tx: Queryable): Promise<number | undefined> {
  const withdrawn = await tx.query<{ id: number }>(
    `update migration.cutovers set status = 'withdrawn', withdrawn_at = now()
     where kind = 'go' and status = 'done' returning id`,
  );
  return withdrawn.rows[0]?.id;
}

/** Keeps with a rehearsal how long the freeze would last. */
export async function recordFreeze(tx: Queryable, id: number, freeze: unknown): Promise<void> {
  await tx.query(`update migration.cutovers set freeze_foretold = $2::jsonb where id = $1`, [
    id,
    JSON.stringify(freeze),
  ]);
}

type StepRow = Columns<
  typeof cutoverSteps,
  { step: "step"; status: "status"; code: "code"; facts: "facts"; looks: "looks" }
>;

/** A step that was begun. `facts`: JSON as text. */
export type CutoverStep = StepRow;

/** What was written of the steps of a cut-over, by name. */
export async function cutoverStepsOf(
  db: Queryable,
  cutoverId: number,
): Promise<ReadonlyMap<CutoverStepName, CutoverStep>> {
  const found = await db.query<StepRow>(
    `select step, status, code, facts::text, looks from migration.cutover_steps where cutover_id = $1`,
    [cutoverId],
  );
  return new Map(found.rows.map((row) => [row.step, row]));
}

/** What is to be written of a step. */
interface StepRecord extends Pick<CutoverStep, "step" | "status" | "code"> {
  readonly position: number;
  readonly facts: Readonly<Record<string, unknown>>;
  /** Milliseconds since it was begun, where nothing was written of it before. */
  readonly tookMs: number;
}

/** Writes what became of a step; with the cut-over locked. */
export async function recordStep(
  tx: Queryable,
  { id, actor }: Pick<Cutover, "id" | "actor">,
  { step, position, status, code, facts, tookMs }: StepRecord,
): Promise<void> {
  await tx.query(
    `insert into migration.cutover_steps as s (cutover_id, step, position, status, code, facts, actor, looks, started_at, finished_at)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7, 1, clock_timestamp() - $8::float8 * interval '1 millisecond',
       case when $4 <> 'open' then clock_timestamp() end)
     on conflict (cutover_id, step) do update set status = excluded.status, code = excluded.code, facts = excluded.facts,
       looks = s.looks + 1, finished_at = excluded.finished_at`,
    [id, step, position, status, code, JSON.stringify(facts), actor, tookMs],
  );
}
