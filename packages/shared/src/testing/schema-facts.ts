import type { Queryable } from "../database/pool.ts";

/** What the catalog says of schemas public and migration, one sorted fact a line: equal before and after = nothing changed. */
export async function schemaFacts(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ fact: string }>(
    `select format('schema %s', nspname) as fact from pg_namespace where nspname !~ '^pg_t'
     union all select format('column %s.%s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull)
       from pg_attribute a join pg_class c on c.oid = a.attrelid
      where attnum > 0 and relkind in ('r', 'v') and relnamespace::regnamespace::text in ('public', 'migration')
     union all select format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) from pg_constraint
      where connamespace::regnamespace::text in ('public', 'migration')
     union all select format('index %s', relname) from pg_class
      where relkind = 'i' and relnamespace::regnamespace::text in ('public', 'migration')
     union all select format('label %s.%s', enumtypid::regtype, enumlabel) from pg_enum
     union all select format('extension %s', extname) from pg_extension
     union all select format('trigger %s', tgname) from pg_trigger where not tgisinternal
     order by 1`,
  );
  return rows.map(({ fact }) => fact);
}
