/** Undo and rollbacks: what runs wrote, what was there before, and what became of it. */
import { integer, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { asText, instant, int8 } from "./column-types.ts";
import { migration } from "./schema.ts";

export const undo = migration.table("undo", {
  id: int8().primaryKey(),
  run_id: integer().notNull(),
  entity: text(),
  batch_id: int8(),
  xid: int8().notNull(),
  inserted: asText("uuid[]").notNull(),
  updated: asText("uuid[]").notNull(),
  former: asText("jsonb[]").notNull(),
  taken_along: asText("jsonb"),
  undone_at: instant(),
  removed: asText("jsonb[]").notNull(),
  former_xids: int8().array().notNull(),
  removed_xids: int8().array().notNull(),
  only_rows: asText("uuid[]"),
});

export const rollbacks = migration.table("rollbacks", {
  id: integer().primaryKey(),
  run_id: integer().notNull(),
  kind: text().$type<"plan" | "rollback">().notNull(),
  status: text().$type<"open" | "done" | "failed" | "cancelled">().notNull(),
  entities: asText("jsonb"),
  actor: text().notNull(),
  reason: text(),
  created_at: instant().notNull(),
  finished_at: instant(),
  error_code: text(),
});

export const rollbackEntities = migration.table(
  "rollback_entities",
  {
    rollback_id: integer().notNull(),
    entity: text().notNull(),
    position: integer().notNull(),
    deleted: int8().notNull(),
    restored: int8().notNull(),
    rows_left: asText("jsonb").notNull(),
  },
  (table) => [primaryKey({ columns: [table.rollback_id, table.entity] })],
);

export const rollbackLeft = migration.table(
  "rollback_left",
  {
    rollback_id: integer().notNull(),
    entity: text().notNull(),
    id: uuid().notNull(),
    reason: text()
      .$type<"changed" | "referred" | "gone" | "unknown" | "overruled" | "refused">()
      .notNull(),
    legacy_id: integer(),
  },
  (table) => [primaryKey({ columns: [table.rollback_id, table.entity, table.id] })],
);
