/** Which forecasts were asked for, and what became of them. */
import type { Answer } from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";
import { and, desc, eq, given, iso, proofs, query, read, sql } from "@nexus/shared/tables";

/** What is told of any proof. */
export const proofFacts = {
  id: proofs.id,
  status: proofs.status,
  createdAt: iso(proofs.created_at),
  finishedAt: iso(proofs.finished_at),
  errorCode: proofs.error_code,
};

/** Newest first. `before`: where the page before ended. */
export async function listForecasts(
  db: Queryable,
  { before, limit }: { readonly before: string | undefined; readonly limit: number },
): Promise<Answer<"GET /v1/forecasts">["items"]> {
  const isBefore = given(before, (id) => sql`${proofs.id} < ${id}::bigint`);
  return await read(
    db,
    query
      .select(proofFacts)
      .from(proofs)
      .where(and(eq(proofs.kind, "forecast"), isBefore))
      .orderBy(desc(proofs.id))
      .limit(limit),
  );
}
