/** Asking for an adoption: an extractor does it, and no run starts before it is done. */
import { inTransaction, type Pool } from "@nexus/shared/database";
import {
  type AdoptionKind,
  type Asked,
  busyWith,
  type By,
  CONTROL_BOUNDS,
  countUndoable,
  createAdoption,
  cutOver,
  lockStarts,
  recordAudit,
  unknownAmong,
} from "@nexus/shared/ledger";
import type { Refusal } from "./refusals.ts";

const ACTIONS = { plan: "plan_adoption", adopt: "adopt", undo: "undo_adoption" } as const;

/** Refused while a run or another adoption is under way: both write the same rows. */
export async function askAdoption(
  target: Pool,
  kind: AdoptionKind,
  asked: Asked,
  by: By,
  catalog: readonly string[],
): Promise<{ kind: "asked"; id: number } | Refusal> {
  const refusal = unknownAmong(Object.keys(asked.keys), catalog);
  if (refusal !== undefined) return refusal;
  return await inTransaction(
    target,
    async (tx) => {
      await lockStarts(tx);
      const busy = (await busyWith(tx)) ?? (kind === "plan" ? undefined : await cutOver(tx));
      if (busy !== undefined) return busy;
      if (kind === "undo" && (await countUndoable(tx)) === 0) return { kind: "nothing_to_undo" };
      const id = await createAdoption(tx, { kind, asked, ...by });
      const { keys, namespace, keep } = asked;
      const details = { adoption: id, keys, namespace, keep: keep.length };
      await recordAudit(tx, by, { action: ACTIONS[kind], runId: null, details });
      return { kind: "asked", id };
    },
    CONTROL_BOUNDS,
  );
}
