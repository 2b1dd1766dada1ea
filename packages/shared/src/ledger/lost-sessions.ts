/** Sessions on the target that a proof has lost. */
import type { Queryable } from "../database/pool.ts";
import type { HeldProof } from "./proofs.ts";

/** Counts that the session was lost in which the proof keeps what it knows. Returns how often it was by now: 0 where the claim is lost, too. */
export async function countLostSession(db: Queryable, { id, claim }: HeldProof): Promise<number> {
  const counted = await db.query<{ lost: number }>(
    `update migration.proofs set sessions_lost = sessions_lost + 1
     where id = $1 and claim = $2 and status = 'open' returning sessions_lost as lost`,
    [id, claim],
  );
  return counted.rows[0]?.lost ?? 0;
}
