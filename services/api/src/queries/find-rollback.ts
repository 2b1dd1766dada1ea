/** What a rollback did, and what it left. */
import type { LeftRow, RollbackView } from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";
import {
  desc,
  eq,
  given,
  iso,
  query,
  read,
  rollbackEntities,
  rollbackLeft,
  rollbacks,
  sql,
} from "@nexus/shared/tables";
import { z } from "zod";

const counts = z.record(z.string(), z.int());

const facts = {
  id: rollbacks.id,
  runId: rollbacks.run_id,
  kind: rollbacks.kind,
  status: rollbacks.status,
  createdAt: iso(rollbacks.created_at),
  finishedAt: iso(rollbacks.finished_at),
  errorCode: rollbacks.error_code,
};

/** One rollback by its id, with what it did in each entity that is done. */
export async function findRollback(db: Queryable, id: number): Promise<RollbackView | undefined> {
  const [found] = await read(db, query.select(facts).from(rollbacks).where(eq(rollbacks.id, id)));
  if (found === undefined) return undefined;
  const { entity, deleted, restored, rows_left, position, rollback_id } = rollbackEntities;
  const done = await read(
    db,
    query
      .select({ entity, deleted, restored, left: rows_left })
      .from(rollbackEntities)
      .where(eq(rollback_id, id))
      .orderBy(position),
  );
  return {
    ...found,
    entities: done.map((one) => ({ ...one, left: counts.parse(JSON.parse(one.left)) })),
  };
}

/** Which page of a list. `before`, `after`: where the page before ended. */
interface Page {
  readonly limit: number;
}

/** Rollbacks, newest first. */
export async function listRollbacks(
  db: Queryable,
  { before, limit }: Page & { readonly before: string | undefined },
): Promise<Omit<RollbackView, "entities">[]> {
  return await read(
    db,
    query
      .select(facts)
      .from(rollbacks)
      .where(given(before, (id) => sql`${rollbacks.id} < ${id}::bigint`))
      .orderBy(desc(rollbacks.id))
      .limit(limit),
  );
}

/** Rows that were left, by entity. */
export async function listLeft(
  db: Queryable,
  rollbackId: number,
  { after, limit }: Page & { readonly after: number },
): Promise<LeftRow[]> {
  const { rollback_id, entity, id, reason, legacy_id } = rollbackLeft;
  return await read(
    db,
    query
      .select({ entity, id, reason, legacyId: legacy_id })
      .from(rollbackLeft)
      .where(eq(rollback_id, rollbackId))
      .orderBy(entity, id)
      .offset(after)
      .limit(limit),
  );
}
