/** Following a live source. */
import { integer, text } from "drizzle-orm/pg-core";
import { asText, instant } from "./column-types.ts";
import { migration } from "./schema.ts";

export const syncs = migration.table("syncs", {
  id: integer().primaryKey(),
  every_seconds: integer().notNull(),
  asked: asText("jsonb").notNull(),
  actor: text().notNull(),
  reason: text(),
  created_at: instant().notNull(),
  run_id: integer(),
  deltas: integer().notNull(),
  source_ms: integer(),
  source_limit_ms: integer(),
  measured_at: instant(),
  paused_since: instant(),
  stopped_at: instant(),
  stopped_by: text(),
  stop_code: text(),
  stop_reason: text(),
});
