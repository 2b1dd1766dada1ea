/** What became of the verification that extractors ask for after a run. */
import type { RunView } from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";

export type RunVerification = NonNullable<RunView["verification"]>;

/** Null: nobody wants it, or a later run came before it. docs/report.md has the same query. */
export async function verificationOfRun(
  db: Queryable,
  runId: number,
): Promise<RunVerification | null> {
  const { rows } = await db.query<RunVerification>(
    `select p.id, coalesce(p.status, 'waiting') as status, p.error_code as "errorCode", e.differences, e.pending, e."notVerified"
     from migration.runs r
     left join migration.proofs p on p.run_id = r.id
     cross join lateral (
       select coalesce(sum((select sum(k.value::bigint) from jsonb_each_text(counts) k)), 0)::bigint as differences,
         coalesce(sum((vectors->>'pending')::bigint), 0)::bigint as pending, count(*) filter (where status <> 'proved') as "notVerified"
       from migration.proof_entities where proof_id = p.id) e
     where r.id = $1 and r.verify and r.status not in ('failed', 'cancelled')
       and (p.id is not null or r.id = (select max(id) from migration.runs))`,
    [runId],
  );
  return rows[0] ?? null;
}
