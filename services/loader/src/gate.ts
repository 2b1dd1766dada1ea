/** The gate: whether this batch may be written now. Its row is locked until the transaction ends. */
import type { Entity } from "@nexus/catalog";
import type { Client } from "@nexus/shared/database";
import { type ClaimedBatch, gateIsOpen, lockBatch } from "@nexus/shared/ledger";

/** `stale`: somebody else has it, or it was paused, cancelled or requeued. `closed`: a parent is not settled, or the backup not taken. */
export type Gate = "open" | "closed" | "stale";

export async function passGate(tx: Client, entity: Entity, batch: ClaimedBatch): Promise<Gate> {
  const locked = await lockBatch(tx, batch.id, batch.generation);
  if (locked?.status !== "queued" || locked.runStatus !== "running") return "stale";
  const parents = Object.keys(entity.parents);
  return (await gateIsOpen(tx, batch.runId, entity.name, parents)) ? "open" : "closed";
}
