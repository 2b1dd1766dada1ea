/** Giving up what was asked of extractors, when nobody does it, or it takes too long. */
import { inTransaction, type Pool } from "@nexus/shared/database";
import {
  type AskedWork,
  type By,
  cancelOpen,
  CONTROL_BOUNDS,
  recordAudit,
} from "@nexus/shared/ledger";
import type { Refusal } from "./refusals.ts";

type GivenUp = { readonly kind: "given_up"; readonly id: number; readonly status: "cancelled" };

const OVER = {
  adoptions: (id: number, status: string) => ({ kind: "adoption_over", adoptionId: id, status }),
  rollbacks: (id: number, status: string) => ({ kind: "rollback_over", rollbackId: id, status }),
  cutovers: (id: number, status: string) => ({ kind: "cutover_over", cutoverId: id, status }),
} as const satisfies Record<AskedWork, (id: number, status: string) => Refusal>;

const NOUNS = { adoptions: "adoption", rollbacks: "rollback", cutovers: "cutover" } as const;

/** From then on nothing more is written for it; what was written stays. What is being written is waited for. */
export async function giveUp(
  target: Pool,
  work: AskedWork,
  id: number,
  by: By,
): Promise<GivenUp | Refusal> {
  const noun = NOUNS[work];
  return await inTransaction(
    target,
    async (tx) => {
      const was = await cancelOpen(tx, work, id);
      if (was === undefined) return { kind: "no_such_work", noun, id };
      if (was.status !== "open") return OVER[work](id, was.status);
      const act = { action: `cancel_${noun}`, runId: null, details: { [noun]: id } } as const;
      await recordAudit(tx, by, act);
      return { kind: "given_up", id, status: "cancelled" };
    },
    CONTROL_BOUNDS,
  );
}
