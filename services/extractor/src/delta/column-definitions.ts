/** How the source defines the columns of a table: by that the same stored bytes may become another value, and no row is written. */

/** SQL of PostgreSQL 9.5: names, types and, of an enum, its labels; of columns that took another's place their numbers differ. `oid`: an expression of SQL. */
export function columnDefinitions(oid: string): string {
  return `(
    select string_agg(concat_ws(' ', a.attnum, a.attname, a.atttypid, a.atttypmod, (
      select string_agg(e.enumsortorder || '=' || e.enumlabel, ',' order by e.enumsortorder)
      from pg_catalog.pg_enum e where e.enumtypid = a.atttypid)), ',' order by a.attnum)
    from pg_catalog.pg_attribute a where a.attrelid = ${oid} and not a.attisdropped)`;
}
