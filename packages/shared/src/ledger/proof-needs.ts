/** What a run takes of both servers, kept with its forecast. */
import type { Queryable } from "../database/pool.ts";
import type { HeldProof } from "./proofs.ts";

/** Connections to a server: how many one of each service opens, and what the tightest limit leaves for them; null: nothing limits them. */
interface ServerNeeds {
  readonly needed: number;
  readonly left: number | null;
  readonly limit: number | null;
  /** Completes: "the limit of …". */
  readonly of: string;
}

/** What a run takes beside time and money. */
export interface Needs {
  readonly source: ServerNeeds;
  readonly target: ServerNeeds;
}

/** Keeps with a forecast what a run takes of both servers. */
export async function recordNeeds(db: Queryable, proof: HeldProof, needs: Needs): Promise<void> {
  await db.query(`update migration.proofs set needs = $3::jsonb where id = $1 and claim = $2`, [
    proof.id,
    proof.claim,
    JSON.stringify(needs),
  ]);
}
