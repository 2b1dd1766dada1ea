/** Fingerprints: what rows of the source were when they were read. */
import { boolean, integer, primaryKey, text } from "drizzle-orm/pg-core";
import { asText, int8, key } from "./column-types.ts";
import { migration } from "./schema.ts";

export const fingerprints = migration.table("fingerprints", {
  batch_id: int8().primaryKey(),
  run_id: integer().notNull(),
  entity: text().notNull(),
  version: text().notNull(),
  after_key: key(),
  to_key: key(),
  keys: int8().array().notNull(),
  hashes: int8().array().notNull(),
  sum: asText("numeric").notNull(),
  merged: boolean().notNull(),
});

export const fingerprinted = migration.table("fingerprinted", {
  entity: text().primaryKey(),
  run_id: integer().notNull(),
  file: int8().notNull(),
});

export const rowVersions = migration.table(
  "row_versions",
  {
    entity: text().notNull(),
    run_id: integer().notNull(),
    after_key: key().notNull(),
    source: text().notNull(),
    places: int8().array().notNull(),
    counts: integer().array().notNull(),
    versions: int8().array().notNull(),
  },
  (table) => [primaryKey({ columns: [table.entity, table.run_id, table.after_key] })],
);
