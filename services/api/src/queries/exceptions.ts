/** Open exceptions, to be looked at by people: keys and codes, never a value. */
import type { Queryable } from "@nexus/shared/database";
import {
  and,
  countDistinct,
  desc,
  eq,
  exceptions,
  given,
  iso,
  isNull,
  query,
  read,
  sql,
} from "@nexus/shared/tables";

const open = {
  legacyId: exceptions.legacy_id,
  runId: exceptions.run_id,
  outcome: exceptions.outcome,
  reason: exceptions.reason,
  column: exceptions.column_name,
  missingEntity: exceptions.missing_entity,
  missingId: exceptions.missing_id,
  createdAt: iso(exceptions.created_at),
};

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
  const { legacy_id, run_id } = exceptions;
  const wanted = and(
    eq(exceptions.entity, entity),
    isNull(exceptions.resolved_at),
    given(outcome, (outcome) => eq(exceptions.outcome, outcome)),
    given(reason, (reason) => eq(exceptions.reason, reason)),
    given(after, (key) => sql`${legacy_id} > ${key}::bigint`),
  );
  return await read(
    db,
    query
      .selectDistinctOn([legacy_id], open)
      .from(exceptions)
      .where(wanted)
      .orderBy(legacy_id, desc(run_id))
      .limit(limit),
  );
}

/** All open exceptions, of one entity or of all, by what they say, the most frequent first. */
export async function groupExceptions(
  db: Queryable,
  entity: string | undefined,
): Promise<ExceptionGroup[]> {
  const { outcome, reason, column_name: column, missing_entity: missingEntity } = exceptions;
  const kind = { entity: exceptions.entity, outcome, reason, column, missingEntity };
  const rows = countDistinct(exceptions.legacy_id);
  const wanted = and(
    isNull(exceptions.resolved_at),
    given(entity, (entity) => eq(exceptions.entity, entity)),
  );
  return await read(
    db,
    query
      .select({ ...kind, count: rows })
      .from(exceptions)
      .where(wanted)
      .groupBy(...Object.values(kind))
      .orderBy(desc(rows), ...Object.values(kind)),
  );
}
