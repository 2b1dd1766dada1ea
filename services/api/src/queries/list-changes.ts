import type { Queryable } from "@nexus/shared/database";
import { and, auditLog, desc, eq, given, iso, query, read, sql } from "@nexus/shared/tables";

const line = {
  id: auditLog.id,
  at: iso(auditLog.at),
  actor: auditLog.actor,
  action: auditLog.action,
  runId: auditLog.run_id,
  entity: auditLog.entity,
  reason: auditLog.reason,
  details: auditLog.details,
};

/** A line of the audit log. */
export interface Change {
  readonly id: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly runId: number | null;
  readonly entity: string | null;
  readonly reason: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface ChangeFilter {
  readonly actor: string | undefined;
  readonly action: string | undefined;
  readonly entity: string | undefined;
  /** The last id of the page before. */
  readonly before: string | undefined;
  readonly limit: number;
}

/** What was changed, the newest first. */
export async function listChanges(
  db: Queryable,
  { actor, action, entity, before, limit }: ChangeFilter,
): Promise<Change[]> {
  const wanted = and(
    given(actor, (actor) => eq(auditLog.actor, actor)),
    given(action, (action) => eq(auditLog.action, action)),
    given(entity, (entity) => eq(auditLog.entity, entity)),
    given(before, (id) => sql`${auditLog.id} < ${id}::bigint`),
  );
  const found = await read(
    db,
    query.select(line).from(auditLog).where(wanted).orderBy(desc(auditLog.id)).limit(limit),
  );
  return found.map((row) => ({ ...row, details: JSON.parse(row.details) }));
}
