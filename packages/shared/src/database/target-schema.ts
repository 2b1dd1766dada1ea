/** What the target must hold: the catalog's entities as enums and tables, in the words of pg_catalog. Pure. */
import { type Column, type ColumnType, type Entity, enums } from "@nexus/catalog";

export interface WantedEnum {
  readonly name: string;
  readonly labels: readonly string[];
}

export interface WantedColumn {
  readonly name: string;
  /** As `format_type` prints it with an empty search path. */
  readonly type: string;
  readonly required: boolean;
  /** Not required, but never empty in a row that we write. */
  readonly filled?: true;
  /** SQL text. */
  readonly default?: string;
  /** `plain`: inside the row however large, in a table that we create. */
  readonly storage?: "plain";
}

export interface WantedForeignKey {
  readonly column: string;
  /** The table whose `id` it refers to. */
  readonly table: string;
  readonly onDelete?: "cascade";
}

/** A table of schema public. Its primary key is `id uuid`, which is the first of `columns` and of `uniques`. */
export interface WantedTable {
  readonly name: string;
  readonly columns: readonly WantedColumn[];
  readonly uniques: readonly (readonly string[])[];
  readonly foreignKeys: readonly WantedForeignKey[];
  /** Columns that lead a btree index. */
  readonly indexed: readonly string[];
  /** SQL: which of its rows without a practice every member may read. None, where it is absent. */
  readonly shared?: string;
}

/** The catalog's enum types. */
export const targetEnums: readonly WantedEnum[] = Object.entries(enums).map(([name, labels]) => ({
  name,
  labels,
}));

const ID: WantedColumn = { name: "id", type: "uuid", required: true, default: "gen_random_uuid()" };

/** The tables of the entities, in their order. Throws when a column refers to an entity that is not among them. */
export function targetTables(entities: readonly Entity[]): WantedTable[] {
  const tableOf = new Map(entities.map(({ name, target }) => [name, target.table]));
  return entities.map(({ name, target, sharedWithoutPractice }) => {
    const columns = Object.entries(target.columns).filter(([column]) => column !== "id");
    const foreignKeys = columns.flatMap(([column, { references }]) =>
      references === undefined ? [] : [{ column, table: parentTable(tableOf, name, references) }],
    );
    return {
      name: target.table,
      columns: [ID, ...columns.map(([column, declared]) => wantedColumn(column, declared))],
      uniques: [
        ["id"],
        ...columns.filter(([, { unique }]) => unique === true).map(([column]) => [column]),
        ...(target.alsoUnique.length > 0 ? [target.alsoUnique] : []),
      ],
      foreignKeys,
      indexed: foreignKeys.map(({ column }) => column),
      ...(sharedWithoutPractice ? { shared: "true" } : {}),
    };
  });
}

function parentTable(tableOf: ReadonlyMap<string, string>, entity: string, parent: string): string {
  const table = tableOf.get(parent);
  if (table === undefined)
    throw new Error(`${entity} refers to ${parent}, which is no entity of the catalog: add it`);
  return table;
}

function wantedColumn(name: string, column: Column): WantedColumn {
  return {
    name,
    type: typeName(column.type),
    required: column.required === true,
    ...(column.filled === true ? { filled: true } : {}),
    ...(column.default === undefined ? {} : { default: column.default }),
  };
}

function typeName(type: ColumnType): string {
  if (type === "timestamptz") return "timestamp with time zone";
  return type.endsWith("_enum") ? `public.${type}` : type;
}

/** SQL: which vectors without a practice are everybody's: those of content that is. */
export function sharedContent(entities: readonly Entity[]): string {
  const shared = entities.filter((one) => one.sharedWithoutPractice && one.content !== null);
  return shared.map(({ content }) => `content_type = '${content}'`).join(" or ") || "false";
}

/** Where vectors are kept: one row per chunk of a content item, no text. `vectors` is the schema of extension vector. */
export function embeddingsTable(vectors: string, entities: readonly Entity[]): WantedTable {
  const required = (name: string, type: string, fallback?: string): WantedColumn => ({
    name,
    type,
    required: true,
    ...(fallback === undefined ? {} : { default: fallback }),
  });
  return {
    name: "ai_embeddings",
    columns: [
      ID,
      { name: "practice_id", type: "uuid", required: false },
      required("content_type", "text"),
      required("content_id", "uuid"),
      required("chunk_index", "integer", "0"),
      // Comparing takes 2.5 µs a vector; 6 µs where each must be fetched in three pieces first (measured). A row fills its page.
      { ...required("embedding", `${vectors}.vector(1024)`), storage: "plain" },
      required("sha256_hash", "text"),
      required("model", "text"),
      required("metadata", "jsonb", "'{}'"),
      required("created_at", "timestamp with time zone", "now()"),
      required("updated_at", "timestamp with time zone", "now()"),
    ],
    uniques: [["id"], ["content_type", "content_id", "chunk_index"]],
    foreignKeys: [{ column: "practice_id", table: "practices", onDelete: "cascade" }],
    indexed: ["practice_id", "sha256_hash"],
    shared: sharedContent(entities),
  };
}
