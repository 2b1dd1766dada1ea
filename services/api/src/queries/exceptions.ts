/** Open exceptions, to be looked at by people: keys and codes, never a value. */
import type { Queryable } from "@nexus/shared/database";

export interface OpenException {
  /** A number; digits as text beyond 2^53. */
  readonly legacyId: number | string;
  readonly runId: number;
  readonly outcome: "rejected" | "parked";
  readonly reason: string;
  readonly column: string | null;
  readonly missingEntity: string | null;
  readonly missingId: number | string | null;
  readonly createdAt: string;
}

/** How many open exceptions there are of one kind. */
export interface ExceptionGroup {
  readonly entity: string;
  readonly outcome: "rejected" | "parked";
  readonly reason: string;
  readonly column: string | null;
  readonly missingEntity: string | null;
  readonly count: number;
}

export interface ExceptionFilter {
  readonly outcome?: "rejected" | "parked" | undefined;
  readonly reason?: string | undefined;
  /** The last legacy id of the page before. */
  readonly after?: string | undefined;
  /** Exceptions of a page. */
  readonly limit: number;
}

/** A page of open exceptions in the order of their legacy ids. A row that two runs could not move is shown once, as the newer saw it. */
export async function listExceptions(
  db: Queryable,
  entity: string,
  { outcome, reason, after, limit }: ExceptionFilter,
): Promise<OpenException[]> {
  const found = await db.query<OpenException>(
    `select distinct on (legacy_id) legacy_id as "legacyId", run_id as "runId", outcome, reason,
       column_name as "column", missing_entity as "missingEntity", missing_id as "missingId",
       to_json(created_at) #>> '{}' as "createdAt"
     from migration.exceptions
     where entity = $1 and resolved_at is null
       and ($2::text is null or outcome = $2) and ($3::text is null or reason = $3)
       and ($4::bigint is null or legacy_id > $4)
     order by legacy_id, run_id desc limit $5`,
    [entity, outcome ?? null, reason ?? null, after ?? null, limit],
  );
  return found.rows;
}

/** All open exceptions, of one entity or of all, by what they say, the most frequent first. */
export async function groupExceptions(db: Queryable, entity: string | undefined): Promise<ExceptionGroup[]> {
  const found = await db.query<ExceptionGroup>(
    `select entity, outcome, reason, column_name as "column", missing_entity as "missingEntity",
       count(distinct legacy_id) as count
     from migration.exceptions where ($1::text is null or entity = $1) and resolved_at is null
     group by 1, 2, 3, 4, 5 order by 6 desc, 1, 2, 3, 4, 5`,
    [entity ?? null],
  );
  return found.rows;
}
