/** A table of the target as a rollback meets it: what of a row can be set, and who may refer to it. */
import type { Entity } from "@nexus/catalog";
import type { Queryable } from "@nexus/shared/database";

export interface Place {
  readonly entity: Entity;
  /** Columns that can be written, quoted. */
  readonly columns: readonly string[];
  /** SQL: whether another row refers to row `t`. The tables of the ledger and the vectors do not count: they follow. */
  readonly referred: string;
  /** The same, of the tables only that are no entity's. */
  readonly referredByOthers: string;
}

/** Reads what the table is like now: it may have changed since the run. `tables`: of all entities. */
export async function placeOf(
  db: Queryable,
  entity: Entity,
  tables: readonly string[],
): Promise<Place> {
  const { table } = entity.target;
  const found = await db.query<{ name: string }>(
    `select quote_ident(attname) as name from pg_attribute
     where attrelid = to_regclass($1) and attnum > 0 and not attisdropped and attgenerated = '' and attidentity <> 'a'
     order by attnum`,
    [`public.${table}`],
  );
  const clauses = await references(db, table);
  return {
    entity,
    columns: found.rows.map(({ name }) => name),
    referred: anyOf(clauses.map(({ sql }) => sql)),
    referredByOthers: anyOf(
      clauses.filter(({ child }) => !tables.includes(child)).map(({ sql }) => sql),
    ),
  };
}

interface Reference {
  /** Its table, without the schema if that is public. */
  readonly child: string;
  readonly sql: string;
}

function anyOf(clauses: readonly string[]): string {
  return clauses.length === 0 ? "false" : `(${clauses.join(" or ")})`;
}

/** A clause for each foreign key that leads to the table. */
async function references(db: Queryable, table: string): Promise<readonly Reference[]> {
  const found = await db.query<Reference>(
    `select case when n.nspname = 'public' then c.relname::text else format('%I.%I', n.nspname, c.relname) end as child,
       format('exists (select from %I.%I c where %s)', n.nspname, c.relname, (
         select string_agg(format('c.%I = t.%I', a.attname, b.attname), ' and ')
         from unnest(k.conkey, k.confkey) as pair (child, parent)
         join pg_attribute a on a.attrelid = k.conrelid and a.attnum = pair.child
         join pg_attribute b on b.attrelid = k.confrelid and b.attnum = pair.parent)) as sql
     from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
     where k.contype = 'f' and k.confrelid = to_regclass($1) and k.conparentid = 0
       and n.nspname <> 'migration' and (n.nspname, c.relname) <> ('public', 'ai_embeddings')
     order by 1, 2`,
    [`public.${table}`],
  );
  return found.rows;
}
