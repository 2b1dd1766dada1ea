/** What the target holds now, read from pg_catalog. Type names are as printed with an empty search path. */
import type { Queryable } from "./pool.ts";

export interface ExistingColumn {
  readonly type: string;
  readonly notNull: boolean;
  /** A default, an identity or a generated value: an insert may leave it out. */
  readonly filled: boolean;
  /** It takes no value of ours: from an expression that is stored, or computed when it is read, or numbered always. */
  readonly generated: "stored" | "virtual" | "identity" | null;
}

interface ExistingForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  /** schema.table(columns) it refers to. */
  readonly refersTo: string;
  /** Holds for every row: validated, and not switched off (PostgreSQL 18). */
  readonly enforced: boolean;
}

export interface ExistingTable {
  /** An ordinary table, not a view, a partitioned or a foreign table. */
  readonly ordinary: boolean;
  readonly owner: string;
  /** Whether the current role may act as its owner. */
  readonly owned: boolean;
  readonly hasPrimaryKey: boolean;
  readonly columns: ReadonlyMap<string, ExistingColumn>;
  /** Columns of each unique index that holds for every row at once (not partial, deferrable or over expressions). */
  readonly uniques: readonly (readonly string[])[];
  readonly foreignKeys: readonly ExistingForeignKey[];
  /** Columns that lead a btree index over all rows. */
  readonly indexed: ReadonlySet<string>;
}

/** The relation of that name in schema public, if there is one. Sets of the search path must be empty. */
export async function existingTable(
  db: Queryable,
  table: string,
): Promise<ExistingTable | undefined> {
  const { rows } = await db.query<{
    oid: number;
    ordinary: boolean;
    owner: string;
    owned: boolean;
  }>(
    `select c.oid, c.relkind = 'r' as ordinary, r.rolname::text as owner,
            pg_has_role(current_user, c.relowner, 'usage') as owned
       from pg_class c join pg_roles r on r.oid = c.relowner
      where c.relnamespace = 'public'::regnamespace and c.relname = $1`,
    [table],
  );
  const relation = rows[0];
  if (relation === undefined) return undefined;
  return {
    ...relation,
    ...(await indexesOf(db, relation.oid)),
    columns: await columnsOf(db, relation.oid),
    foreignKeys: await foreignKeysOf(db, relation.oid),
  };
}

async function columnsOf(
  db: Queryable,
  table: number,
): Promise<ReadonlyMap<string, ExistingColumn>> {
  const { rows } = await db.query<ExistingColumn & { name: string }>(
    `select attname::text as name, format_type(atttypid, atttypmod) as type, attnotnull as "notNull",
            atthasdef or attidentity <> '' as filled,
            case when attgenerated = 's' then 'stored' when attgenerated <> '' then 'virtual' when attidentity = 'a' then 'identity' end as generated
       from pg_attribute where attrelid = $1 and attnum > 0 and not attisdropped`,
    [table],
  );
  return new Map(rows.map(({ name, ...column }) => [name, column]));
}

type Indexes = Pick<ExistingTable, "hasPrimaryKey" | "uniques" | "indexed">;

async function indexesOf(db: Queryable, table: number): Promise<Indexes> {
  const { rows } = await db.query<{
    columns: string;
    unique: boolean;
    primary: boolean;
    btree: boolean;
  }>(
    `select i.indisunique and i.indimmediate as unique, i.indisprimary as primary, m.amname = 'btree' as btree,
            (select string_agg(a.attname, ',' order by k.place)
               from unnest(i.indkey::int2[]) with ordinality k (attnum, place)
               join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
              where k.place <= i.indnkeyatts) as columns
       from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
      where i.indrelid = $1 and i.indisvalid and i.indpred is null and i.indexprs is null`,
    [table],
  );
  return {
    hasPrimaryKey: rows.some(({ primary }) => primary),
    uniques: rows.filter(({ unique }) => unique).map(({ columns }) => columns.split(",")),
    indexed: new Set(
      rows.filter(({ btree }) => btree).map(({ columns }) => columns.split(",")[0] ?? ""),
    ),
  };
}

async function foreignKeysOf(db: Queryable, table: number): Promise<ExistingForeignKey[]> {
  const { rows } = await db.query<Omit<ExistingForeignKey, "columns"> & { columns: string }>(
    `select quote_ident(k.conname) as name, k.convalidated as enforced, names.mine as columns,
            format('%I.%I(%s)', n.nspname, f.relname, names.theirs) as "refersTo"
       from pg_constraint k
       join pg_class f on f.oid = k.confrelid join pg_namespace n on n.oid = f.relnamespace,
    lateral (select string_agg(a.attname, ',' order by place) as mine, string_agg(b.attname, ',' order by place) as theirs
               from unnest(k.conkey, k.confkey) with ordinality pair (mine, theirs, place)
               join pg_attribute a on a.attrelid = k.conrelid and a.attnum = pair.mine
               join pg_attribute b on b.attrelid = k.confrelid and b.attnum = pair.theirs) names
      where k.conrelid = $1 and k.contype = 'f'`,
    [table],
  );
  return rows.map((key) => ({ ...key, columns: key.columns.split(",") }));
}

/** The labels of an enum of schema public; null when a type of that name is something else; undefined when there is none. */
export async function existingLabels(
  db: Queryable,
  type: string,
): Promise<string[] | null | undefined> {
  const { rows } = await db.query<{ label: string | null; isEnum: boolean }>(
    `select e.enumlabel::text as label, t.typtype = 'e' as "isEnum"
       from pg_type t left join pg_enum e on e.enumtypid = t.oid
      where t.typnamespace = 'public'::regnamespace and t.typname = $1`,
    [type],
  );
  const first = rows[0];
  if (first === undefined) return undefined;
  return first.isEnum ? rows.flatMap(({ label }) => label ?? []) : null;
}
