/** Children of parents that changed are loaded again before the run ends, whatever part they have in it. */
import { entityNamed } from "@nexus/catalog";
import { inTransaction } from "@nexus/shared/database";
import { claimEntity, loadAgain, type Run } from "@nexus/shared/ledger";
import type { Deps } from "./deps.ts";
import { addMoved, followAfter, movedChildren, reloadMoved } from "./moved-children.ts";

/** Call it when every entity of the run is settled. Returns whether one is to be loaded again. */
export async function followMoved({ target, entities, log }: Deps, run: Run): Promise<boolean> {
  let again = false;
  for (const name of await movedChildren(target, run.id)) {
    const entity = entityNamed(entities, name);
    if (entity.followsCase === true) {
      const apart = await inTransaction(target, (tx) => followAfter(tx, entity));
      if (apart > 0) log.info({ runId: run.id, entity: name, apart }, "rows follow their case");
      continue;
    }
    const loads = await inTransaction(target, async (tx) => {
      for (const status of ["complete", "blocked"] as const) {
        if (!(await claimEntity(tx, run.id, name, status))) continue;
        if ((await reloadMoved(tx, run.id, entity)) === 0) return false;
        return await loadAgain(tx, run.id, name);
      }
      return await addMoved(tx, run.id, entity, entities.indexOf(entity));
    });
    if (loads)
      log.info(
        { runId: run.id, entity: name },
        "children of parents that changed are loaded again",
      );
    again ||= loads;
  }
  return again;
}
