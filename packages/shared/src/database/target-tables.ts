/** What of the target's tables is otherwise than the catalog would have made them: a target may have been there before us. */
import type { ColumnType, Entity } from "@nexus/catalog";
import { FOREIGN_TRIGGER, rulesOf } from "./foreign-rules.ts";
import type { Pool } from "./pool.ts";

export interface TargetTable {
  /** Columns that the target computes itself: they cannot be written. */
  readonly generated: readonly string[];
  /** Columns that are text where the catalog has an enum. */
  readonly texts: readonly string[];
  /** Others have put triggers on it, or it has a column of another type: it may store another value than was sent. */
  readonly overrules: boolean;
  /** A digest of what of it may change what is stored: its types, and the triggers of others with the text of their functions. */
  readonly rules: string;
}

interface Found {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly generated: boolean;
  readonly triggers: boolean;
}

/** Reads the columns of all tables, once. */
export async function readTargetTables(target: Pool): Promise<(entity: Entity) => TargetTable> {
  const { rows } = await target.query<Found>(
    `select c.relname::text as "table", a.attname::text as "column", a.attgenerated <> '' or a.attidentity = 'a' as generated,
       replace(format_type(a.atttypid, a.atttypmod), 'public.', '') as type,
       exists (select from pg_trigger t where t.tgrelid = c.oid and ${FOREIGN_TRIGGER}) as triggers
     from pg_attribute a join pg_class c on c.oid = a.attrelid
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped`,
  );
  const rules = await target.query<{ table: string; rules: string }>(
    `select c.relname::text as "table", ${rulesOf("c.oid")}::text as rules from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')`,
  );
  return ({ target: { table, columns } }) => {
    const found = rows.filter((row) => row.table === table);
    const isOther = ({ column, type }: Found): boolean => {
      const declared = columns[column];
      return (
        declared !== undefined && nameOf(declared.type) !== type && !isText(declared.type, type)
      );
    };
    const texts = found.filter(({ column, type }) => isText(columns[column]?.type, type));
    return {
      generated: found.filter(({ generated }) => generated).map(({ column }) => column),
      texts: texts.map(({ column }) => column),
      overrules: found.some((row) => row.triggers || isOther(row)),
      rules: rules.rows.find((row) => row.table === table)?.rules ?? "",
    };
  };
}

/** It holds the labels as they are sent (database/text-for-enum.ts of the shared rooms refuses what would not). */
function isText(declared: ColumnType | undefined, type: string): boolean {
  return declared?.endsWith("_enum") === true && /^(text|character varying)/.test(type);
}

function nameOf(type: ColumnType): string {
  return type === "timestamptz" ? "timestamp with time zone" : type;
}
