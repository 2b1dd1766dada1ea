/** Asking that the source is followed, and that it is not any more. Extractors carry it out. */
import { inTransaction, type Pool } from "@nexus/shared/database";
import {
  busyWith,
  type By,
  CONTROL_BOUNDS,
  createSync,
  cutOver,
  lockStarts,
  openSync,
  stopSync,
  type SyncOrder,
  unknownAmong,
} from "@nexus/shared/ledger";
import type { Refusal } from "./refusals.ts";

/** Refused while the source is followed already, and where no delta could ever begin. What is under way is waited for. */
export async function askSync(
  target: Pool,
  everySeconds: number,
  asked: SyncOrder,
  by: By,
  catalog: readonly string[],
): Promise<{ kind: "following"; id: number } | Refusal> {
  const { entities = catalog, skip = [] } = asked;
  const unknown = unknownAmong([...entities, ...skip], catalog);
  if (unknown !== undefined) return unknown;
  if (entities.every((name) => skip.includes(name))) return { kind: "nothing_selected" };
  return await inTransaction(
    target,
    async (tx) => {
      await lockStarts(tx);
      const open = await openSync(tx);
      if (open !== undefined) return { kind: "sync_on", syncId: open.id };
      const busy = await busyWith(tx);
      if (busy?.kind === "cutover_open") return busy;
      const over = await cutOver(tx);
      if (over !== undefined) return over;
      return { kind: "following", id: await createSync(tx, everySeconds, asked, by) };
    },
    CONTROL_BOUNDS,
  );
}

/** From then on no delta is begun; one that is under way goes on. */
export async function endSync(
  target: Pool,
  by: By,
): Promise<{ kind: "stopped"; id: number; status: "stopped" } | Refusal> {
  return await inTransaction(
    target,
    async (tx) => {
      await lockStarts(tx);
      const id = await stopSync(tx, "asked", by);
      return id === undefined ? { kind: "sync_off" } : { kind: "stopped", id, status: "stopped" };
    },
    CONTROL_BOUNDS,
  );
}
