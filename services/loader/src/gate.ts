/** The gate: whether this batch may be written now. Its row is locked until the transaction ends. */
import type { Entity } from "@nexus/catalog";
import { type Client, together } from "@nexus/shared/database";
import { type ClaimedBatch, gateIsOpen, lockBatch } from "@nexus/shared/ledger";

/** `stale`: somebody else has it, or it was paused, cancelled or requeued. `closed`: a parent is not settled, or the backup not taken. */
export type Gate = "open" | "closed" | "stale";

/** The lock comes first, and the gate is looked at when it is held: the answers come together. */
export async function passGate(tx: Client, entity: Entity, batch: ClaimedBatch): Promise<Gate> {
  const [locked, open] = await together([
    lockBatch(tx, batch.id, batch.generation),
    gateIsOpen(tx, batch.runId, entity.name, Object.keys(entity.parents)),
  ]);
  if (locked?.status !== "queued" || locked.runStatus !== "running") return "stale";
  return open ? "open" : "closed";
}
