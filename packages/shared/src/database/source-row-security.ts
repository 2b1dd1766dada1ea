/** Row level security of the source: a reader to whom policies apply sees fewer rows, and nothing tells it so. */
import type { Pool, Queryable } from "./pool.ts";
import { isOfPrivilege, refusalOf } from "./tried.ts";

/** Pools through which a statement that row level security would keep rows from is refused by the server, not answered in part. */
const whole = new WeakSet<Pool>();

/** From now on a transaction of this pool sees all rows of a table or none: policies may come in the middle of a run. */
export function seeAllOrNone(pool: Pool): void {
  whole.add(pool);
}

/** Another pool to the same source sees what the first one does. */
export function rowSecurityLike(first: Pool, other: Pool): void {
  if (whole.has(first)) whole.add(other);
}

/** What begins a transaction of the pool, after its own beginning. */
export function rowSecurityOf(pool: Pool): string {
  return whole.has(pool) ? "; set local row_security = off" : "";
}

/**
 * The tables that do not show us all their rows, with what to do. PostgreSQL itself is asked, because it follows owners, forced
 * policies, inherited roles and views: with `row_security` off it refuses a statement that policies would apply to.
 */
export async function hiddenRows(tx: Queryable, tables: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ role: string; any: boolean }>(
    `select quote_ident(current_user) as role, exists (select from pg_catalog.pg_class where relrowsecurity) as any`,
  );
  const [{ role, any } = { role: "", any: false }] = rows;
  if (!any) return [];
  const hidden: string[] = [];
  for (const table of tables) if (await hides(tx, table)) hidden.push(table);
  if (hidden.length === 0) return [];
  return [
    `row level security keeps rows of ${hidden.join(", ")} from role ${role}: run "alter role ${role} bypassrls"` +
      ` (where a view stands there: its owner needs it), or set LEGACY_ROW_SECURITY=accept to migrate only what it sees`,
  ];
}

/** Nothing is read: the refusal comes before. */
async function hides(tx: Queryable, table: string): Promise<boolean> {
  const error = await refusalOf(tx, `set local row_security = off; select from ${table} limit 0`);
  return isOfPrivilege(error);
}
