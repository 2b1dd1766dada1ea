/** Which tables of the source a bare name means. PostgreSQL 9.5 syntax. */

/**
 * Of `pg_class c` in `pg_namespace n`: what a bare name finds by the `search_path` of this session, as each statement of ours
 * looks for it. A role that may use no schema of its path finds nothing: what lies in public is told then, to be granted.
 */
export const FOUND_BY_NAME = `(case when current_schema() is null and not has_schema_privilege(n.oid, 'usage') then n.nspname = 'public'
            else n.nspname <> 'pg_catalog' and pg_table_is_visible(c.oid) end)`;
