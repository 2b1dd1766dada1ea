/** Tables of the target, made of what the migration makes them of: nothing is declared twice. */
import type { Entity } from "@nexus/catalog";
import { boolean, integer, pgTable, type PgTable, text, uuid } from "drizzle-orm/pg-core";
import {
  embeddingsTable,
  targetTables,
  type WantedColumn,
  type WantedTable,
} from "../database/target-schema.ts";
import { asText, int8, instant } from "./column-types.ts";

/** The tables of these entities, and the one of their vectors. */
export function targetsOf(entities: readonly Entity[]): PgTable[] {
  return [...targetTables(entities), embeddingsTable("public", entities)].map(tableOf);
}

function tableOf({ name, columns }: WantedTable): PgTable {
  return pgTable(
    name,
    Object.fromEntries(columns.map((column) => [column.name, columnOf(column)])),
  );
}

function columnOf({ name, type, required }: WantedColumn) {
  const column = typed(type);
  if (name === "id") return column.primaryKey();
  return required ? column.notNull() : column;
}

function typed(type: string) {
  switch (type) {
    case "integer":
      return integer();
    case "bigint":
      return int8();
    case "boolean":
      return boolean();
    case "text":
      return text();
    case "uuid":
      return uuid();
    case "timestamp with time zone":
      return instant();
    default:
      return asText(type);
  }
}
