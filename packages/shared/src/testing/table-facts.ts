/** Tables as they are declared for typed reads, and as a migrated database has them: a sorted fact for each column. */
import type { Entity } from "@nexus/catalog";
import { is } from "drizzle-orm";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import type { Queryable } from "../database/pool.ts";
import { byOid } from "../database/text-types.ts";
import * as ledger from "../tables/index.ts";

interface Fact {
  readonly column: string;
  readonly type: string;
  readonly required: boolean;
  readonly key: boolean;
  /** What a value of it is in JavaScript. */
  readonly kind: string;
}

/** What is declared: the ledger, and the targets of these entities. */
export function declaredColumns(entities: readonly Entity[]): string[] {
  const tables = [...Object.values(ledger), ...ledger.targetsOf(entities)].filter((each) =>
    is(each, PgTable),
  );
  return tables.flatMap(declaredIn).map(inWords).sort();
}

/** Of drizzle's words those that are not JavaScript's. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ["array", "object"],
  ["custom", "string"],
]);

function declaredIn(table: PgTable): Fact[] {
  const { schema = "public", name, columns, primaryKeys } = getTableConfig(table);
  const together = new Set(primaryKeys.flatMap((key) => key.columns.map((column) => column.name)));
  return columns.map((column) => ({
    column: `${schema}.${name}.${column.name}`,
    type: unqualified(column.getSQLType()),
    required: column.notNull,
    key: column.primary || together.has(column.name),
    kind: KINDS.get(column.dataType) ?? column.dataType,
  }));
}

/** What a database has in schemas migration and public. */
export async function storedColumns(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<Omit<Fact, "kind"> & { oid: number }>(
    `select concat_ws('.', c.relnamespace::regnamespace, c.relname, a.attname) as column, a.atttypid as oid,
       format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required,
       exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary and a.attnum = any(i.indkey)) as key
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind = 'r' and c.relnamespace::regnamespace::text in ('migration', 'public')`,
  );
  return rows
    .map(({ oid, ...fact }) =>
      inWords({ ...fact, type: unqualified(fact.type), kind: kindOf(oid) }),
    )
    .sort();
}

function inWords({ column, type, required, key, kind }: Fact): string {
  return `${column} ${type}${required ? " not null" : ""}${key ? ", key" : ""}: ${kind}`;
}

function unqualified(type: string): string {
  return type.replace(/^\w+\./, "");
}

/** Of text that is `1` alone and in braces, what the pool makes. */
function kindOf(oid: number): string {
  const [alone, inBraces] = [byOid(oid)("1"), byOid(oid)("{1}")];
  return typeof (Array.isArray(inBraces) ? inBraces : alone);
}
