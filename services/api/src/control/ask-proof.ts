/** Asking for a forecast or a verification: an extractor does it. A run may start meanwhile; while one is active, none is asked for. */
import { inTransaction, type Pool } from "@nexus/shared/database";
import {
  busyWith,
  type By,
  CONTROL_BOUNDS,
  createProof,
  lockStarts,
  openProof,
  type ProofAsked,
  type ProofKind,
  recordAudit,
  unknownAmong,
} from "@nexus/shared/ledger";
import type { Refusal } from "./refusals.ts";

const ACTIONS = { forecast: "forecast", verification: "verify" } as const;

/** Refused while what would be compared is being written, or another proof is under way. */
export async function askProof(
  target: Pool,
  kind: ProofKind,
  asked: ProofAsked,
  by: By,
  catalog: readonly string[],
): Promise<{ kind: "asked"; id: number } | Refusal> {
  const refusal = unknownAmong(asked.entities ?? [], catalog);
  if (refusal !== undefined) return refusal;
  return await inTransaction(
    target,
    async (tx) => {
      await lockStarts(tx);
      const busy = await busyWith(tx);
      if (busy !== undefined) return busy;
      const open = await openProof(tx);
      if (open !== undefined) return { kind: "proof_open", proofId: open.id };
      const id = await createProof(tx, kind, asked, by);
      const { entities, range, sample } = asked;
      const details = { proof: id, entities, range, sample };
      await recordAudit(tx, by, { action: ACTIONS[kind], runId: null, details });
      return { kind: "asked", id };
    },
    CONTROL_BOUNDS,
  );
}
