/** Adoptions: what was asked for, what was found, and which rows were given their legacy key. */
import { integer, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { asText, instant, int8 } from "./column-types.ts";
import { migration } from "./schema.ts";

export const adoptions = migration.table("adoptions", {
  id: integer().primaryKey(),
  kind: text().$type<"plan" | "adopt" | "undo">().notNull(),
  status: text().$type<"open" | "done" | "failed" | "cancelled">().notNull(),
  asked: asText("jsonb").notNull(),
  actor: text().notNull(),
  reason: text(),
  created_at: instant().notNull(),
  finished_at: instant(),
  error_code: text(),
});

export const adoptionEntities = migration.table(
  "adoption_entities",
  {
    adoption_id: integer().notNull(),
    entity: text().notNull(),
    position: integer().notNull(),
    strangers: int8().notNull(),
    adopted: int8().notNull(),
    by_key: asText("jsonb").notNull(),
    places: asText("jsonb").notNull(),
    changes: asText("jsonb"),
  },
  (table) => [primaryKey({ columns: [table.adoption_id, table.entity] })],
);

export const adoptionFindings = migration.table(
  "adoption_findings",
  {
    adoption_id: integer().notNull(),
    entity: text().notNull(),
    id: uuid().notNull(),
    reason: text()
      .$type<"ambiguous_target" | "ambiguous_source" | "contradicted" | "duplicate" | "no_match">()
      .notNull(),
    legacy_id: int8(),
    via: text(),
    children: int8(),
  },
  (table) => [primaryKey({ columns: [table.adoption_id, table.entity, table.id] })],
);

export const adoptedRows = migration.table(
  "adopted_rows",
  {
    entity: text().notNull(),
    id: uuid().notNull(),
    legacy_key: integer().notNull(),
    via: text().notNull(),
    adoption_id: integer().notNull(),
    adopted_at: instant().notNull(),
  },
  (table) => [primaryKey({ columns: [table.entity, table.id] })],
);

export const adoptedChanges = migration.table(
  "adopted_changes",
  {
    batch_id: int8().notNull(),
    generation: integer().notNull(),
    rows: integer().notNull(),
    columns: asText("jsonb").notNull(),
  },
  (table) => [primaryKey({ columns: [table.batch_id, table.generation] })],
);
