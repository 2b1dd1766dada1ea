/** The gate: whether this batch may be written now. Its row is locked until the transaction ends. */
import type { Entity } from "@nexus/catalog";
import type { Client } from "@nexus/shared/database";
import { type ClaimedBatch, lockBatch, parentsSettled } from "@nexus/shared/ledger";

/** `stale`: somebody else has it, or it was paused, cancelled or requeued. `closed`: a parent is not settled. */
export type Gate = "open" | "closed" | "stale";

export async function passGate(tx: Client, entity: Entity, batch: ClaimedBatch): Promise<Gate> {
  const locked = await lockBatch(tx, batch.id, batch.generation);
  if (locked?.status !== "queued" || locked.runStatus !== "running") return "stale";
  return (await parentsSettled(tx, batch.runId, Object.keys(entity.parents))) ? "open" : "closed";
}
