/** What operators ask of extractors: it is open until it is done, has failed, or is given up. */
import type { Queryable } from "../database/pool.ts";
import type { ProofKind } from "./proofs.ts";

/** The tables that hold it. */
export type AskedWork = "adoptions" | "rollbacks" | "cutovers";

/** Locks what is still to be done: what changes the target for it begins here. Returns whether it is. */
export async function lockOpen(tx: Queryable, work: AskedWork, id: number): Promise<boolean> {
  const locked = await tx.query(
    `select from migration.${work} where id = $1 and status = 'open' for no key update`,
    [id],
  );
  return locked.rowCount === 1;
}

/** Ends it; a code says that it failed. */
export async function endOpen(
  tx: Queryable,
  work: AskedWork,
  id: number,
  errorCode: string | null,
): Promise<void> {
  await tx.query(
    `update migration.${work} set status = case when $2::text is null then 'done' else 'failed' end, error_code = $2, finished_at = now()
     where id = $1 and status = 'open'`,
    [id, errorCode],
  );
}

/** Gives it up, if it is not done. Returns what it was before; undefined: there is none. What is being written for it is waited for. */
export async function cancelOpen(
  tx: Queryable,
  work: AskedWork,
  id: number,
): Promise<{ status: string } | undefined> {
  const found = await tx.query<{ status: string }>(
    `select status from migration.${work} where id = $1 for no key update`,
    [id],
  );
  await tx.query(
    `update migration.${work} set status = 'cancelled', finished_at = now() where id = $1 and status = 'open'`,
    [id],
  );
  return found.rows[0];
}

/**
 * Gives a proof up, if it is open: it has failed, with the code `cancelled`, for whoever knows no other end. Whoever has it writes nothing
 * more for it, and what it found is forgotten. Returns what it was before; undefined: there is none of this kind.
 */
export async function cancelProof(
  tx: Queryable,
  kind: ProofKind,
  id: number,
): Promise<{ status: string } | undefined> {
  const found = await tx.query<{ status: string }>(
    `select case when error_code = 'cancelled' then error_code else status end as status from migration.proofs where id = $1 and kind = $2 for no key update`,
    [id, kind],
  );
  if (found.rows[0]?.status !== "open") return found.rows[0];
  await tx.query(`delete from migration.proof_entities where proof_id = $1`, [id]);
  await tx.query(`delete from migration.proof_differences where proof_id = $1`, [id]);
  await tx.query(
    `update migration.proofs set status = 'failed', error_code = 'cancelled', finished_at = now(), claimed_until = '-infinity' where id = $1`,
    [id],
  );
  return found.rows[0];
}
