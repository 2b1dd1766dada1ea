/** Step `delta`: the last delta finds nothing that changed. The first may move what was written before the source was stopped. */
import type { Client, Queryable } from "@nexus/shared/database";
import { findRun, type Run, startRunIn } from "@nexus/shared/ledger";
import { blocked } from "@nexus/shared/states";
import { type Found, met, notMet, open, refusedBy, toDo, type Verdict, type Walk } from "./step.ts";

/** Deltas at most; the last one has to be empty. */
const MOST = 2;

/** Milliseconds between two looks at a run. */
const AGAIN_MS = 250;

/** The runs, and how many rows each of those that are over has changed. */
interface Deltas {
  readonly runs: readonly number[];
  readonly changed: readonly number[];
}

function deltasOf({ steps }: Walk): Deltas {
  return JSON.parse(steps.get("delta")?.facts ?? `{"runs": [], "changed": []}`);
}

export async function deltaStep(walk: Walk): Promise<Found> {
  const { deps, cutover } = walk;
  if (cutover.kind === "plan") return toDo("delta_to_do");
  const { runs, changed } = deltasOf(walk);
  const id = runs.at(-1);
  if (id === undefined) return (tx) => begin(walk, tx, { runs, changed });
  const run = await findRun(deps.target, id);
  if (run === undefined) throw new Error("a delta that is no run");
  if (run.status !== "completed") return await waitFor(walk, run, { runs, changed });
  const rows = await changedBy(deps.target, id);
  const facts = { runs, changed: [...changed, rows] };
  if (rows === 0) return met(facts);
  if (runs.length === MOST) return notMet("delta_not_empty", facts);
  return (tx) => begin(walk, tx, facts);
}

/** Starts a delta as an operator would; no other run is created while the cut-over is open. */
async function begin(
  { deps, cutover }: Walk,
  tx: Client,
  { runs, changed }: Deltas,
): Promise<Verdict> {
  const { id, actor, reason, asked } = cutover;
  const catalog = deps.entities.map(({ name }) => name);
  const order = { ...asked.order, mode: "delta", cutover: id, newBill: false } as const;
  const started = await startRunIn(tx, order, { actor, reason }, catalog);
  if (started.kind !== "started") return refusedBy(started);
  return open({ runs: [...runs, started.runId], changed }, AGAIN_MS);
}

/** Such a run comes to no end by itself. */
async function waitFor({ deps }: Walk, { id, status }: Run, deltas: Deltas): Promise<Verdict> {
  if (status === "failed" || status === "cancelled" || status === "rolled_back")
    return notMet("delta_not_completed", { ...deltas, runStatus: status });
  const found = await deps.target.query<{ entity: string }>(
    `select entity from migration.run_entities e where run_id = $1 and ${blocked("e")} order by position`,
    [id],
  );
  if (found.rows.length === 0) return open({ ...deltas }, AGAIN_MS);
  return notMet("delta_blocked", {
    ...deltas,
    entities: found.rows.map(({ entity }) => entity),
  });
}

/** Rows of the target that a run inserted, changed, deleted, marked as gone, or freed of that mark. */
async function changedBy(db: Queryable, runId: number): Promise<number> {
  const found = await db.query<{ rows: number }>(
    `select (
       (select coalesce(sum(inserted + updated), 0) from migration.batches where run_id = $1 and status <> 'rolled_back')
       + (select coalesce(sum(gone_deleted), 0) from migration.run_entities where run_id = $1)
       + (select count(*) from migration.archived_rows where marked and (run_id = $1 or back_run = $1)))::bigint as rows`,
    [runId],
  );
  return found.rows[0]?.rows ?? 0;
}

/** The run after which nothing may have been written. */
export function lastDelta(walk: Walk): number {
  const id = deltasOf(walk).runs.at(-1);
  if (id === undefined) throw new Error("a cut-over without a delta");
  return id;
}
