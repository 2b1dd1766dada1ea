/** Parked rows whose parent has arrived are loaded again, with the batch that holds them. */
import { entities, entityNamed } from "@nexus/catalog";
import { type Client, inTransaction } from "@nexus/shared/database";
import { loadAgain, type Run } from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import { anyParked, releaseArrived } from "./arrivals.ts";
import type { Deps } from "./deps.ts";
import { type ParentTable, parkedEntities, releaseParked } from "./parked.ts";
import { LOCK_MS } from "./setbacks.ts";

/** Looks at what has changed since the last look. */
export async function releaseParkedRows({ target, log }: Deps, run: Run): Promise<boolean> {
  if (!(await anyParked(target, run.id))) return false;
  const released = await inTransaction(target, async (tx) => {
    await tx.query(`set local lock_timeout = ${LOCK_MS}`);
    const arrived = await releaseArrived(tx, run.id, entities.map(tableOf));
    failpoint("parked.released");
    return arrived;
  });
  for (const { entity, batches } of released)
    log.info({ runId: run.id, entity, batches }, "parked rows released");
  return released.length > 0;
}

/** The last look, at all that is parked, before a run is completed: under its lock, so that nothing arrives meanwhile. */
export async function releaseTheLast(tx: Client, run: Run): Promise<boolean> {
  let released = 0;
  for (const { entity, parent } of await parkedEntities(tx, run.id)) {
    const batches = await releaseParked(tx, run.id, entity, tableOf(entityNamed(entities, parent)));
    if (batches > 0) await loadAgain(tx, run.id, entity);
    released += batches;
  }
  return released > 0;
}

function tableOf({ name, target: { table, key } }: (typeof entities)[number]): ParentTable {
  return { entity: name, table, key };
}
