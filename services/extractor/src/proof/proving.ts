/** What every step of a proof is given. */
import type { Entity } from "@nexus/catalog";
import type { AuthAdmin } from "@nexus/shared/auth";
import type { Pool, Queryable } from "@nexus/shared/database";
import type { HeldProof } from "@nexus/shared/ledger";
import type { Log } from "@nexus/shared/telemetry";
import type { Ask } from "./ranges.ts";
import type { Twins } from "./twins.ts";

export interface Proving {
  readonly proof: HeldProof;
  readonly twins: Twins;
  /** Asks the source. */
  readonly ask: Ask;
  /** The ledger, beside the session of the twins. */
  readonly target: Pool;
  /** Whether the target's legacy keys of an entity are the source's own. */
  readonly keepsKey: (entity: Entity) => boolean;
  /** Supabase Auth; undefined: accounts are not verified. */
  readonly admin: Pick<AuthAdmin, "find" | "list"> | undefined;
  readonly log: Log;
  /** Aborts when this process stops. */
  readonly signal: AbortSignal;
}

/** Has the statements that follow planned well: how many rows `expected` has, and no JIT compilation, which takes longer than they do. Returns that number. */
export async function lookAtExpected(tx: Queryable): Promise<number> {
  await tx.query("set local jit = off; analyze expected");
  const found = await tx.query<{ rows: number }>("select count(*) as rows from expected");
  return found.rows[0]?.rows ?? 0;
}
