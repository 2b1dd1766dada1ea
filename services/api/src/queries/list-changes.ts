import type { Queryable } from "@nexus/shared/database";

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
  const found = await db.query<Omit<Change, "details"> & { details: string }>(
    `select id, to_json(at) #>> '{}' as at, actor, action, run_id as "runId", entity, reason, details::text
     from migration.audit_log
     where ($1::text is null or actor = $1) and ($2::text is null or action = $2) and ($3::text is null or entity = $3)
       and ($4::bigint is null or id < $4) order by id desc limit $5`,
    [actor ?? null, action ?? null, entity ?? null, before ?? null, limit],
  );
  return found.rows.map((row) => ({ ...row, details: JSON.parse(row.details) }));
}
