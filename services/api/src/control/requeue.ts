/**
 * Requeue: rows that could not be moved are tried again. Within a run they are done by the batch that holds them, as its next
 * generation; without an active run, by a repair run. See docs/decisions/parked-rows-rerun-their-batch.md.
 */
import { inTransaction, type Pool, type Queryable } from "@nexus/shared/database";
import {
  backUpAgain,
  type By,
  CONTROL_BOUNDS,
  cutOver,
  loadRequeued,
  lockBatches,
  planNextGeneration,
  recordAudit,
  unknownAmong,
} from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import type { BatchStatus } from "@nexus/shared/states";
import { and, batches, count, eq, query, read } from "@nexus/shared/tables";
import { statusOf } from "./control.ts";
import { lockedActiveRun } from "./locks.ts";
import type { Refusal } from "./refusals.ts";
import { extendRepair, type RepairDefaults, startRepair } from "./repair.ts";
import type { Requeued, Scope, Selected } from "./selection.ts";

/** Tries an entity's rows again. `defaults`: codes of a repair run, if one is created, and whom it offers content to if there was no run before it. */
export async function requeue(
  target: Pool,
  entity: string,
  { scope, because }: Selected,
  defaults: RepairDefaults,
  by: By,
  catalog: readonly string[],
): Promise<Requeued | Refusal> {
  const refusal = unknownAmong([entity], catalog);
  if (refusal !== undefined) return refusal;
  return await inTransaction(
    target,
    async (tx) => {
      const run = await lockedActiveRun(tx);
      const repair = { entity, position: catalog.indexOf(entity), scope, because, ...defaults };
      const done =
        run === undefined
          ? ((await cutOver(tx)) ?? (await startRepair(tx, repair)))
          : await requeueIn(tx, run.id, entity, { scope, because });
      if (done.kind === "requeued" || done.kind === "repair_started")
        await recordAudit(tx, by, {
          action: "requeue",
          runId: done.runId,
          entity,
          details: { scope, ...(because === undefined ? {} : { because }), batches: done.batches },
        });
      failpoint("api.requeued");
      return done;
    },
    CONTROL_BOUNDS,
  );
}

async function requeueIn(
  tx: Queryable,
  runId: number,
  entity: string,
  selected: Selected,
): Promise<Requeued | Refusal> {
  const status = await statusOf(tx, runId, entity);
  if (status === undefined || status === "skipped" || status === "cancelled")
    return { kind: "not_in_run", runId, entity, entityStatus: status ?? null };
  const unsaved = await backUpAgain(tx, runId, entity);
  const again = unsaved
    ? await plannedBatches(tx, runId, entity)
    : await planAgain(tx, runId, entity, selected);
  const batches = again + (await extendRepair(tx, runId, entity, selected));
  // What was never opened opens by the gate, when its backup is taken.
  if (unsaved) return { kind: "requeued", runId, batches };
  if (batches === 0) return { kind: "nothing_to_requeue" };
  await loadRequeued(tx, runId, entity);
  return { kind: "requeued", runId, batches };
}

/** Those of an entity that nobody has opened. */
async function plannedBatches(tx: Queryable, runId: number, entity: string): Promise<number> {
  const { run_id, entity: of, status } = batches;
  const wanted = and(eq(run_id, runId), eq(of, entity), eq(status, "planned"));
  const [found] = await read(tx, query.select({ count: count() }).from(batches).where(wanted));
  return found?.count ?? 0;
}

const STATUSES: Readonly<Record<Scope, readonly BatchStatus[]>> = {
  failed: ["failed"],
  rejected: ["done"],
  parked: ["done"],
  all: ["done", "failed"],
};

async function planAgain(
  tx: Queryable,
  runId: number,
  entity: string,
  { scope, because }: Selected,
): Promise<number> {
  const statuses = STATUSES[scope];
  await lockBatches(tx, runId, entity, statuses);
  const again = await planNextGeneration(tx, {
    sql: `b.run_id = $1 and b.entity = $2 and b.status = any($3::text[])
       and ($4 in ('failed', 'all') or exists (
         select from migration.exceptions e
         where e.batch_id = b.id and e.outcome = $4 and e.resolved_at is null
           and ($5::text is null or e.reason = $5)))`,
    values: [runId, entity, statuses, scope, because ?? null],
  });
  return again.length;
}
