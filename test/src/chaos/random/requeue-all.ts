/** Everything of an entity is tried again, as an operator has it done: in the run, or in one of its own where that is over. */
import { requeue } from "@nexus/api/control";
import { entities, inDependencyOrder } from "@nexus/catalog";
import type { Pool } from "@nexus/shared/database";

/** All entities, parents first. */
export const CATALOG = inDependencyOrder(entities).map(({ name }) => name);

/** What all runs of a round have in common. */
export const RUN = { codes: "{}", embeddings: true, dify: false } as const;

/** Requeues all rows of an entity; changes nothing where that is refused. */
export async function requeueAll(db: Pool, entity: string): Promise<void> {
  const by = { actor: "chaos", reason: null };
  await requeue(db, entity, { scope: "all" }, RUN, by, CATALOG);
}
