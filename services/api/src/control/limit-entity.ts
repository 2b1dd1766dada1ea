/** What an operator may do about an entity that stopped: let it lose more rows, or believe that its rows are gone. */
import { inTransaction, type Pool } from "@nexus/shared/database";
import {
  type By,
  CONTROL_BOUNDS,
  type Limits,
  recordAudit,
  setLimits,
  unknownAmong,
} from "@nexus/shared/ledger";
import { statusOf } from "./control.ts";
import { lockedActiveRun } from "./locks.ts";
import type { Refusal } from "./refusals.ts";

/** Sets limits of an entity of the active run; one that is blocked for such a limit goes on. */
export async function limitEntity(
  target: Pool,
  entity: string,
  limits: Limits,
  by: By,
  catalog: readonly string[],
): Promise<{ kind: "limited"; runId: number; entity: string } | Refusal> {
  const refusal = unknownAmong([entity], catalog);
  if (refusal !== undefined) return refusal;
  return await inTransaction(
    target,
    async (tx) => {
      const run = await lockedActiveRun(tx);
      if (run === undefined) return { kind: "no_active_run" };
      const status = await statusOf(tx, run.id, entity);
      if (status === undefined || status === "skipped" || status === "cancelled")
        return { kind: "not_in_run", runId: run.id, entity, entityStatus: status ?? null };
      await setLimits(tx, run.id, entity, limits);
      await recordAudit(tx, by, { action: "limit", runId: run.id, entity, details: { ...limits } });
      return { kind: "limited", runId: run.id, entity };
    },
    CONTROL_BOUNDS,
  );
}
