/** What the processes keep for themselves, and for the record. */
import { boolean, integer, smallint, text, uuid } from "drizzle-orm/pg-core";
import { asText, instant, int8 } from "./column-types.ts";
import { migration } from "./schema.ts";

export const settings = migration.table("settings", {
  name: text().primaryKey(),
  value: text().notNull(),
});

export const auditLog = migration.table("audit_log", {
  id: int8().primaryKey(),
  at: instant().notNull(),
  actor: text().notNull(),
  action: text().notNull(),
  run_id: integer(),
  entity: text(),
  reason: text(),
  details: asText("jsonb").notNull(),
});

export const idempotencyKeys = migration.table("idempotency_keys", {
  key: asText("bytea").primaryKey(),
  fingerprint: asText("bytea").notNull(),
  claimed_at: instant().notNull(),
  status: smallint(),
  content_type: text(),
  body: text(),
  action: text(),
  run_id: integer(),
});

export const holds = migration.table("holds", {
  server: text().$type<"source" | "target">().primaryKey(),
  code: text(),
  since: instant(),
  seen_at: instant(),
});

export const heartbeats = migration.table("heartbeats", {
  process: uuid().primaryKey(),
  service: text().notNull(),
  seen_at: instant().notNull(),
  takes_backups: boolean().notNull(),
  makes_accounts: boolean().notNull(),
});

export const schemaVersions = migration.table("schema_versions", {
  name: text().primaryKey(),
  applied_at: instant().notNull(),
});
