/** Backups: what was dumped of an entity's tables before a run first wrote to them. */
import { integer, primaryKey, text } from "drizzle-orm/pg-core";
import { instant, int8 } from "./column-types.ts";
import { migration } from "./schema.ts";

export const backups = migration.table(
  "backups",
  {
    run_id: integer().notNull(),
    entity: text().notNull(),
    status: text().$type<"open" | "done" | "given_up" | "waived">().notNull(),
    claim: integer().notNull(),
    claimed_until: instant().notNull(),
    error_code: text(),
    failures: integer().notNull(),
    available_at: instant().notNull(),
    started_at: instant().notNull(),
    finished_at: instant(),
    tables: text().notNull(),
    kept_by: text().$type<"folder" | "command">(),
    host: text(),
    file: text(),
    bytes: int8(),
    sha256: text(),
    duration_ms: int8(),
    server_version: text(),
  },
  (table) => [primaryKey({ columns: [table.run_id, table.entity] })],
);
