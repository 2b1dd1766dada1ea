/** Giving up what was asked of extractors, when nobody does it, or it takes too long. */
import { inTransaction, type Pool, type Queryable } from "@nexus/shared/database";
import {
  type AskedWork,
  type By,
  cancelOpen,
  cancelProof,
  CONTROL_BOUNDS,
  recordAudit,
} from "@nexus/shared/ledger";
import type { Noun, Refusal } from "./refusals.ts";

type GivenUp = { readonly kind: "given_up"; readonly id: number; readonly status: "cancelled" };

/** What extractors are asked for. */
type Work = AskedWork | "forecasts" | "verifications";

const proofOver = (id: number, status: string) =>
  ({ kind: "proof_over", proofId: id, status }) as const;

const OVER = {
  adoptions: (id: number, status: string) => ({ kind: "adoption_over", adoptionId: id, status }),
  rollbacks: (id: number, status: string) => ({ kind: "rollback_over", rollbackId: id, status }),
  cutovers: (id: number, status: string) => ({ kind: "cutover_over", cutoverId: id, status }),
  forecasts: proofOver,
  verifications: proofOver,
} as const satisfies Record<Work, (id: number, status: string) => Refusal>;

const NOUNS = {
  adoptions: "adoption",
  rollbacks: "rollback",
  cutovers: "cutover",
  forecasts: "forecast",
  verifications: "verification",
} as const satisfies Record<Work, Noun>;

/** From then on nothing more is written for it; what was written stays. What is being written is waited for. */
export async function giveUp(
  target: Pool,
  work: Work,
  id: number,
  by: By,
): Promise<GivenUp | Refusal> {
  const noun = NOUNS[work];
  return await inTransaction(
    target,
    async (tx) => {
      const was = await cancel(tx, work, id);
      if (was === undefined) return { kind: "no_such_work", noun, id };
      if (was.status !== "open") return OVER[work](id, was.status);
      const act = { action: `cancel_${noun}`, runId: null, details: { [noun]: id } } as const;
      await recordAudit(tx, by, act);
      return { kind: "given_up", id, status: "cancelled" };
    },
    CONTROL_BOUNDS,
  );
}

async function cancel(tx: Queryable, work: Work, id: number) {
  if (work === "forecasts") return await cancelProof(tx, "forecast", id);
  if (work === "verifications") return await cancelProof(tx, "verification", id);
  return await cancelOpen(tx, work, id);
}
