/** What content changed, what became of it, and what that may take and cost. */
import {
  boolean,
  doublePrecision,
  integer,
  interval,
  primaryKey,
  text,
  uuid,
} from "drizzle-orm/pg-core";
import { asText, day, instant, int8 } from "./column-types.ts";
import { migration } from "./schema.ts";

export const contentEvents = migration.table("content_events", {
  id: int8().primaryKey(),
  batch_id: int8(),
  content_type: text().notNull(),
  target_ids: asText("uuid[]").notNull(),
  created_at: instant().notNull(),
  relayed_at: instant(),
  done_at: instant(),
  pages_done: integer().array().notNull(),
  items: integer().notNull(),
  dify_open: boolean().notNull(),
  trace_context: text(),
});

export const pageReadings = migration.table(
  "page_readings",
  {
    event_id: int8().notNull(),
    page_offset: integer().notNull(),
    begun: integer().notNull(),
    item: uuid(),
    item_begun: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.event_id, table.page_offset] })],
);

export const embeddingItems = migration.table(
  "embedding_items",
  {
    content_type: text().notNull(),
    content_id: uuid().notNull(),
    version: asText("xid").notNull(),
    chunks: integer().notNull(),
    settled_at: instant().notNull(),
  },
  (table) => [primaryKey({ columns: [table.content_type, table.content_id] })],
);

export const embeddingFailures = migration.table(
  "embedding_failures",
  {
    content_type: text().notNull(),
    content_id: uuid().notNull(),
    version: asText("xid").notNull(),
    code: text().notNull(),
    failed_at: instant().notNull(),
  },
  (table) => [primaryKey({ columns: [table.content_type, table.content_id] })],
);

export const rateBudget = migration.table("rate_budget", {
  model: text().primaryKey(),
  requests_per_minute: integer(),
  tokens_per_minute: integer(),
  request_rate: doublePrecision().notNull(),
  request_burst: doublePrecision().notNull(),
  token_rate: doublePrecision().notNull(),
  token_burst: doublePrecision().notNull(),
  requests: doublePrecision().notNull(),
  tokens: doublePrecision().notNull(),
  filled_at: instant().notNull(),
  share: doublePrecision().notNull(),
  lowered_at: instant().notNull(),
  blocked_until: instant().notNull(),
  unanswered: integer().notNull(),
  unanswered_since: instant(),
  paused_at: instant(),
  pause_reason: text().$type<"throttled" | "unavailable" | "stopped">(),
  pause_code: text(),
  probe_at: instant(),
  probe_delay: interval(),
  microdollars_per_million_tokens: int8().notNull(),
  cap_microdollars: int8(),
  run_id: integer(),
  run_tokens: int8().notNull(),
  run_microdollars: int8().notNull(),
});

export const embeddingUsage = migration.table(
  "embedding_usage",
  {
    model: text().notNull(),
    day: day().notNull(),
    calls: int8().notNull(),
    tokens: int8().notNull(),
    throttled: int8().notNull(),
    failed: int8().notNull(),
    microdollars: int8().notNull(),
  },
  (table) => [primaryKey({ columns: [table.model, table.day] })],
);

export const difyDatasets = migration.table("dify_datasets", {
  practice_id: uuid(),
  dataset_id: text().notNull(),
  adopted: boolean().notNull(),
  created_at: instant().notNull(),
});

export const difyDocuments = migration.table(
  "dify_documents",
  {
    content_type: text().notNull(),
    content_id: uuid().notNull(),
    dataset_id: text(),
    document_id: text(),
    sha256: text(),
    indexing_since: instant(),
    unsure_since: instant(),
    version: asText("xid"),
    code: text(),
    attempts: integer().notNull(),
    failed_at: instant(),
    due_at: instant(),
    claimed_until: instant(),
    asked: int8().notNull(),
    settled_at: instant(),
  },
  (table) => [primaryKey({ columns: [table.content_type, table.content_id] })],
);

/** Where the target has pgvector. */
export const embeddingTexts = migration.table("embedding_texts", {
  id: int8().primaryKey(),
  practice_id: uuid(),
  sha256: text().notNull(),
  model: text().notNull(),
  dimensions: integer().notNull(),
  embedding: asText("vector(1024)"),
  tokens: integer(),
  claimed_until: instant(),
  attempts: integer().notNull(),
  failed_at: instant(),
  error_code: text(),
  created_at: instant().notNull(),
  embedded_at: instant(),
});
