/** The roles that practices' people act as: Supabase's own where they are, else one that we make. */
import type { Queryable } from "./pool.ts";

/** Made on servers that have no role `authenticated`. It cannot log in; roles belong to the server, not to the database. */
const OURS = "nexus_tenant";

/** Before PostgreSQL 16 every member of a role may become it. */
const ASSUMING = `case when current_setting('server_version_num')::integer >= 160000 then 'set' else 'member' end`;

export interface TenantRoles {
  /** Sees the rows of its practices: `authenticated` or `nexus_tenant`. Undefined when there is neither. */
  readonly member: string | undefined;
  /** All roles that may try to read; `anon` finds nothing. */
  readonly readers: readonly string[];
  /** What the current role lacks to search as `member`, and how to get it. */
  readonly lacking: string | undefined;
}

/** The roles as they are. Only reads. */
export async function tenantRoles(db: Queryable): Promise<TenantRoles> {
  const { rows } = await db.query<{ name: string; assumable: boolean }>(
    `select rolname::text as name, pg_has_role(current_user, oid, ${ASSUMING}) as assumable
       from pg_roles where rolname in ('anon', 'authenticated', '${OURS}')`,
  );
  const names = rows.map(({ name }) => name);
  const theirs = names.includes("authenticated");
  const member = theirs ? "authenticated" : names.find((name) => name === OURS);
  const readers = theirs
    ? names.filter((name) => name !== OURS).sort()
    : names.filter((name) => name === OURS);
  const may = rows.some(({ name, assumable }) => name === member && assumable);
  return { member, readers, lacking: may ? undefined : await lack(db, member) };
}

async function lack(db: Queryable, member: string | undefined): Promise<string> {
  const { rows } = await db.query<{ grant: string }>(
    "select format('grant %I to %I', $1::text, current_user) as grant",
    [member ?? OURS],
  );
  const make = member === undefined ? `create role ${OURS} nologin; ` : "";
  return `search as a tenant: have a superuser run "${make}${rows[0]?.grant}" and migrate again`;
}

/** Makes what is missing as far as the current role may. Says what it did. `tx` is a transaction. */
export async function makeTenantRoles(tx: Queryable): Promise<string[]> {
  const before = await tenantRoles(tx);
  const created = before.member === undefined && (await attempt(tx, `create role ${OURS} nologin`));
  const { member, lacking } = await tenantRoles(tx);
  const granted =
    member !== undefined &&
    lacking !== undefined &&
    (await attempt(tx, await grantSql(tx, member)));
  return [
    ...(created ? [`created role ${OURS}`] : []),
    ...(granted ? [`granted ${member} to the role of TARGET_URL`] : []),
  ];
}

/** We may become that role; what it may, we may not by ourselves (PostgreSQL 15 knows no such difference). */
async function grantSql(tx: Queryable, member: string): Promise<string> {
  const { rows } = await tx.query<{ options: string }>(
    "select case when current_setting('server_version_num')::integer >= 160000 then ' with inherit false, set true' else '' end as options",
  );
  return `grant ${member} to current_user${rows[0]?.options ?? ""}`;
}

/** Under a savepoint: what a role may not do, or another migration on this server has just done, is left as it is. */
async function attempt(tx: Queryable, sql: string): Promise<boolean> {
  await tx.query("savepoint tenant_role");
  try {
    await tx.query(sql);
    return true;
  } catch {
    await tx.query("rollback to savepoint tenant_role");
    return false;
  }
}
