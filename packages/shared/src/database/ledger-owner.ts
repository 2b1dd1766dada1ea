/** Whose the ledger is: a role that may not act as its owner is told so, before PostgreSQL refuses it one thing after the other. */
import { ConfigurationError } from "../config/failure.ts";
import { mayPass } from "./failures.ts";
import type { Pool, Queryable } from "./pool.ts";
import { placeOf } from "./reach.ts";

/** By the names in the catalog: of a schema that our role may not use, `to_regclass` would fail. */
const KEPT = `
  select format('schema migration belongs to role %1$I, and %2$I may not read it: connect as %1$I, or run "grant %1$I to %2$I"',
                pg_get_userbyid(coalesce(c.relowner, n.nspowner)), current_user) as says
    from pg_namespace n left join pg_class c on c.relnamespace = n.oid and c.relname = 'schema_versions'
   where n.nspname = 'migration'
     and not (has_schema_privilege(n.oid, 'usage') and coalesce(has_table_privilege(c.oid, 'select'), true))`;

/** A sentence where the ledger is there and kept from our role. */
export async function keptLedger(db: Queryable): Promise<string | undefined> {
  const { rows } = await db.query<{ says: string }>(KEPT);
  return rows[0]?.says;
}

/** Throws `ConfigurationError` where the ledger is there and kept from our role. A target that is away is not refused. */
export async function requireReadableLedger(pool: Pool): Promise<void> {
  const kept = await keptLedger(pool).catch((error: unknown) => {
    if (mayPass(error)) return undefined;
    throw error;
  });
  if (kept !== undefined) throw new ConfigurationError(`TARGET_URL (${placeOf(pool)}): ${kept}`);
}

/** Tables of the ledger that the role cannot act as the owner of. Without ownership ANALYZE is silently refused. */
export async function strangerLedger(tx: Queryable): Promise<string[]> {
  const { rows } = await tx.query<{ owner: string; tables: string }>(
    `select r.rolname::text as owner, string_agg('migration.' || c.relname, ', ' order by c.relname) as tables
       from pg_class c join pg_roles r on r.oid = c.relowner
      where c.relnamespace = to_regnamespace('migration') and c.relkind = 'r' and not pg_has_role(current_user, r.oid, 'usage')
      group by r.rolname`,
  );
  return rows.map(
    ({ owner, tables }) =>
      `${tables} belong to role ${owner}: connect as that role, or make it the owner's member`,
  );
}
