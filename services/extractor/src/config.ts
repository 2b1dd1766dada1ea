import { databaseUrl, number, queueUrl, text } from "@nexus/shared/config";
import { statusVariables } from "@nexus/shared/runtime";

/** The environment of the extractor. */
export const variables = {
  ...statusVariables,
  LEGACY_URL: databaseUrl({ meaning: "the legacy database, read only" }),
  TARGET_URL: databaseUrl({ meaning: "the target database; direct connection or session mode" }),
  QUEUE_URL: queueUrl({ meaning: "Redis, or PostgreSQL for the embedded stack" }),
  QUEUE_PREFIX: text({ meaning: "what our keys in Redis begin with", fallback: "nexus" }),
  BATCH_ROWS: number(1, 5_000, {
    meaning: "rows of one batch",
    fallback: "1000",
    danger: "more rows hold the target's locks longer and cost the loaders memory; fewer cost round trips",
  }),
  HIGH_WATER: number(1, 100_000, {
    meaning: "batches of one entity in the queue at most",
    fallback: "200",
    danger: "each takes about 1 kB of the queue's memory",
  }),
  TICK_MS: number(10, 60_000, {
    meaning: "milliseconds between two looks at the ledger while a run is active",
    fallback: "50",
  }),
  IDLE_TICK_MS: number(10, 60_000, { meaning: "the same while there is nothing to do", fallback: "200" }),
  CARE_MS: number(100, 60_000, {
    meaning:
      "milliseconds between two rounds of folding counts, releasing parked rows and looking for lost jobs",
    fallback: "1000",
  }),
  LEGACY_POOL: number(1, 50, { meaning: "connections to the legacy database, at most", fallback: "1" }),
  TARGET_POOL: number(1, 50, { meaning: "connections to the target, at most", fallback: "2" }),
  LEGACY_STATEMENT_MS: number(100, 600_000, {
    meaning: "milliseconds after which the legacy server ends a statement of ours",
    fallback: "60000",
  }),
};
