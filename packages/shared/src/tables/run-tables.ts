/** What is planned, what happened, what could not be done. Columns have the names that SQL gives them. */
import { boolean, doublePrecision, integer, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import type { BatchStatus, EntityStatus, RunMode, RunStatus } from "../states/states.ts";
import { asText, instant, int8, key } from "./column-types.ts";
import { migration } from "./schema.ts";

/** What a run does about rows that are gone from the source. */
export type GonePolicy = "report" | "archive" | "delete";

export const runs = migration.table("runs", {
  id: integer().primaryKey(),
  status: text().$type<RunStatus>().notNull(),
  embeddings: boolean().notNull(),
  codes: asText("jsonb").notNull(),
  created_at: instant().notNull(),
  started_at: instant(),
  finished_at: instant(),
  error_code: text(),
  dify: boolean().notNull(),
  accounts: boolean().notNull(),
  trace_context: text(),
  loss_percent: doublePrecision().notNull(),
  gone_percent: doublePrecision().notNull(),
  source_timezone: text(),
  source_columns: asText("jsonb"),
  source_snapshot: text(),
  verify: boolean().notNull(),
  undo: text().$type<"off" | "kept" | "purged">().notNull(),
  backup: boolean().notNull(),
  mode: text().$type<RunMode>().notNull(),
  fingerprints: boolean().notNull(),
  source_marks: asText("jsonb"),
  new_bill: boolean().notNull(),
});

export const runEntities = migration.table(
  "run_entities",
  {
    run_id: integer().notNull(),
    entity: text().notNull(),
    position: integer().notNull(),
    status: text().$type<EntityStatus>().notNull(),
    waived: boolean().notNull(),
    cursor_key: key().notNull(),
    expected: int8().notNull(),
    batches: integer().notNull(),
    batches_done: integer().notNull(),
    batches_failed: integer().notNull(),
    read: int8().notNull(),
    loaded: int8().notNull(),
    inserted: int8().notNull(),
    updated: int8().notNull(),
    rejected: int8().notNull(),
    parked: int8().notNull(),
    excluded: int8().notNull(),
    noted: int8().notNull(),
    started_at: instant(),
    settled_at: instant(),
    error_code: text(),
    percent: doublePrecision().notNull(),
    load_ms: int8().notNull(),
    source_ms: int8().notNull(),
    moved_at: instant(),
    loss_percent: doublePrecision(),
    unforeseen: int8().notNull(),
    loss_reason: text(),
    loss_column: text(),
    gone_cursor: key(),
    gone_compared_at: instant(),
    gone: int8().notNull(),
    gone_percent: doublePrecision(),
    strangers: int8().notNull(),
    adopted: int8().notNull(),
    keyed_before: int8(),
    target_rows: int8(),
    unchanged: int8().notNull(),
    ranges_compared: integer().notNull(),
    ranges_equal: integer().notNull(),
    read_whole: text(),
    version: text(),
    looked_after: boolean().notNull(),
    gone_policy: text().$type<GonePolicy>().notNull(),
    gone_archived: int8().notNull(),
    gone_deleted: int8().notNull(),
    gone_left: asText("jsonb").notNull(),
  },
  (table) => [primaryKey({ columns: [table.run_id, table.entity] })],
);

export const batches = migration.table("batches", {
  id: int8().primaryKey(),
  run_id: integer().notNull(),
  entity: text().notNull(),
  seq: integer().notNull(),
  generation: integer().notNull(),
  after_key: key(),
  to_key: key(),
  keys: integer().array(),
  expected: integer().notNull(),
  status: text().$type<BatchStatus>().notNull(),
  attempts: integer().notNull(),
  read: integer().notNull(),
  loaded: integer().notNull(),
  inserted: integer().notNull(),
  updated: integer().notNull(),
  rejected: integer().notNull(),
  parked: integer().notNull(),
  noted: integer().notNull(),
  duration_ms: integer(),
  available_at: instant().notNull(),
  queued_at: instant(),
  finished_at: instant(),
  error_code: text(),
  source_ms: integer(),
  breaks: integer().notNull(),
  breaks_generation: integer(),
  looked_at_generation: integer().notNull(),
  unforeseen: integer().notNull(),
  read_bytes: int8(),
  largest_row_bytes: int8(),
});

export const exceptions = migration.table(
  "exceptions",
  {
    run_id: integer().notNull(),
    entity: text().notNull(),
    legacy_id: key().notNull(),
    batch_id: int8().notNull(),
    outcome: text().$type<"rejected" | "parked">().notNull(),
    reason: text().notNull(),
    column_name: text(),
    missing_entity: text(),
    missing_id: key(),
    created_at: instant().notNull(),
    resolved_at: instant(),
  },
  (table) => [primaryKey({ columns: [table.run_id, table.entity, table.legacy_id] })],
);

export const notes = migration.table(
  "notes",
  {
    batch_id: int8().notNull(),
    code: text().notNull(),
    column_name: text().notNull(),
    legacy_ids: int8().array().notNull(),
  },
  (table) => [primaryKey({ columns: [table.batch_id, table.code, table.column_name] })],
);

export const validations = migration.table(
  "validations",
  {
    run_id: integer().notNull(),
    entity: text().notNull(),
    name: text().notNull(),
    passed: boolean().notNull(),
    expected: int8(),
    actual: int8(),
    checked_at: instant().notNull(),
  },
  (table) => [primaryKey({ columns: [table.run_id, table.entity, table.name] })],
);

export const goneRows = migration.table(
  "gone_rows",
  {
    entity: text().notNull(),
    legacy_id: key().notNull(),
    found_run: integer().notNull(),
    run_id: integer().notNull(),
    stale: boolean().notNull(),
    handled_run: integer(),
    fate: text().$type<GoneFate>(),
  },
  (table) => [primaryKey({ columns: [table.entity, table.legacy_id] })],
);

/** What the newest run did about a gone row that is still there: 032-gone-policy.sql tells the reasons why one was left. */
export type GoneFate =
  | "archived"
  | "referred"
  | "refused"
  | "not_inserted"
  | "source_empty"
  | "source_row"
  | "unmarkable";

export const archivedRows = migration.table(
  "archived_rows",
  {
    entity: text().notNull(),
    id: uuid().notNull(),
    legacy_id: key().notNull(),
    run_id: integer().notNull(),
    marked: boolean().notNull(),
    archived_at: instant().notNull(),
    back_run: integer(),
  },
  (table) => [primaryKey({ columns: [table.entity, table.id] })],
);

export const movedParents = migration.table(
  "moved_parents",
  {
    child: text().notNull(),
    parent: text().notNull(),
    parent_id: uuid().notNull(),
    run_id: integer(),
  },
  (table) => [primaryKey({ columns: [table.child, table.parent, table.parent_id] })],
);

export const missingKeys = migration.table(
  "missing_keys",
  { run_id: integer().notNull(), entity: text().notNull(), legacy_id: key().notNull() },
  (table) => [primaryKey({ columns: [table.run_id, table.entity, table.legacy_id] })],
);

export const overruled = migration.table(
  "overruled",
  {
    entity: text().notNull(),
    legacy_id: integer().notNull(),
    sent: int8().notNull(),
    stored: int8().notNull(),
    rules: int8().notNull(),
  },
  (table) => [primaryKey({ columns: [table.entity, table.legacy_id] })],
);

export const leftStrangers = migration.table("left_strangers", {
  entity: text().primaryKey(),
  rows: int8().notNull(),
  actor: text().notNull(),
  reason: text().notNull(),
  decided_at: instant().notNull(),
});
