/** Reading as a tenant: row level security decides what there is, whatever the query says. */
import { ConfigurationError } from "../config/failure.ts";
import type { Client, Pool } from "./pool.ts";
import { tenantRoles } from "./tenant-roles.ts";
import { type Bounds, readTarget } from "./transaction.ts";

/**
 * Runs `work` in a read-only transaction that sees what a member of one practice sees. Role and claims end with it.
 * Throws `ConfigurationError` where no role can be had for it: the message says what to do.
 */
export async function asTenant<T>(
  pool: Pool,
  practiceId: string,
  work: (tx: Client) => Promise<T>,
  bounds: Bounds = {},
): Promise<T> {
  return await readTarget(
    pool,
    async (tx) => {
      const { member, lacking } = await tenantRoles(tx);
      if (member === undefined || lacking !== undefined)
        throw new ConfigurationError(lacking ?? "");
      const claims = JSON.stringify({
        app_metadata: { practice_id: practiceId, role: "nexus-api" },
      });
      await tx.query(
        "select set_config('request.jwt.claims', $1::text, true), set_config('request.jwt.claim.sub', '', true), set_config('role', $2::text, true)",
        [claims, member],
      );
      return await work(tx);
    },
    bounds,
  );
}
