import { databaseUrl, number, queueUrl, text } from "@nexus/shared/config";
import { statusVariables } from "@nexus/shared/runtime";

/** The environment of the loader. */
export const variables = {
  ...statusVariables,
  LEGACY_URL: databaseUrl({ meaning: "the legacy database, read only" }),
  TARGET_URL: databaseUrl({ meaning: "the target database; direct connection or session mode" }),
  QUEUE_URL: queueUrl({ meaning: "Redis, or PostgreSQL for the embedded stack" }),
  QUEUE_PREFIX: text({ meaning: "what our keys in Redis begin with", fallback: "nexus" }),
  LOADER_CONCURRENCY: number(1, 32, {
    meaning: "batches of one entity that this process loads at the same time",
    fallback: "2",
    danger: "each keeps about 1,000 rows in memory",
  }),
  LEGACY_POOL: number(1, 50, {
    meaning: "connections to the legacy database, at most",
    fallback: "2",
    danger: "the legacy database is live: replicas × pool is what it must bear",
  }),
  TARGET_POOL: number(1, 50, {
    meaning: "connections to the target, at most",
    fallback: "4",
    danger: "replicas × pool must stay under the target's connection limit",
  }),
  LEGACY_STATEMENT_MS: number(100, 600_000, {
    meaning: "milliseconds after which the legacy server ends a statement of ours",
    fallback: "60000",
  }),
  TARGET_IDLE_MS: number(500, 600_000, {
    meaning: "milliseconds after which the target ends a transaction of a loader that it hears nothing from",
    fallback: "90000",
    danger: "shorter than LEGACY_STATEMENT_MS: a slow legacy server costs attempts",
  }),
  QUEUE_LOCK_MS: number(1_000, 600_000, {
    meaning: "milliseconds without a sign of life after which a batch is given to another loader",
    fallback: "30000",
    danger: "shorter than a batch takes: it is loaded twice (harmless, but slow)",
  }),
  QUEUE_STALLED_MS: number(500, 600_000, {
    meaning: "how often lost loaders are looked for, in milliseconds",
    fallback: "5000",
  }),
  DRAIN_MS: number(0, 600_000, {
    meaning: "milliseconds that a batch may take after SIGTERM before it is handed back",
    fallback: "15000",
    danger: "must stay under the grace period of the pod",
  }),
};
