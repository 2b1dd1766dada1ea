/** Who is to see rows of their own practice only: roles, asked of PostgreSQL. */
import type { Queryable } from "./pool.ts";

/** Roles whose use matters. `public` is everybody. */
export interface Audience {
  /** Tenants' roles, those that they may become, and everybody. */
  readonly tenants: readonly string[];
  /** Whom row level security binds, and who are no tenants. */
  readonly others: readonly string[];
}

/** Roles by name, in SQL: asked for by `id`, of which PostgreSQL says nothing where the role is dropped meanwhile; a name would be an error. */
export const rolesOf = (names: string): string =>
  `(select role, case role when 'public' then 0 else to_regrole(quote_ident(role))::oid end as id from unnest(${names}::text[]) role offset 0)`;

export async function audienceOf(db: Queryable, readers: readonly string[]): Promise<Audience> {
  const { rows } = await db.query<{ name: string; tenant: boolean }>(
    `select r.rolname::text as name, exists (select from pg_roles t where t.rolname = any($1::text[]) and pg_has_role(t.oid, r.oid, 'member')) as tenant
       from pg_roles r
      where r.rolname not like 'pg\\_%'
        and not (r.rolsuper or r.rolbypassrls or pg_has_role(r.oid, (select oid from pg_roles where rolname = current_user), 'member'))
      order by 1`,
    [readers],
  );
  const named = (wanted: boolean): string[] =>
    rows.flatMap(({ name, tenant }) => (tenant === wanted ? [name] : []));
  return { tenants: ["public", ...named(true)], others: named(false) };
}
