import {
  choice,
  CONNECTIONS,
  legacyVariables,
  number,
  queueVariables,
  targetVariables,
  workerVariables,
} from "@nexus/shared/config";
import { statusVariables } from "@nexus/shared/runtime";

/** The environment of the loader. */
export const variables = {
  ...statusVariables,
  ...legacyVariables({ connections: CONNECTIONS.legacy.loader }),
  ...targetVariables({ connections: CONNECTIONS.target.loader }),
  ...queueVariables,
  ...workerVariables({ job: "batch", drainMs: 15_000 }),
  LOADER_CONCURRENCY: number(1, 32, {
    meaning: "batches of one entity that this process loads at the same time",
    fallback: "2",
    danger: "each keeps about 1,000 rows in memory",
  }),
  LOADER_ROW_MIB: number(8, 256, {
    meaning: "MiB that one legacy row may have; a larger one is rejected as row_too_large",
    fallback: "64",
    danger: "loading a row takes up to six times its size in memory",
  }),
  ACCOUNTS: choice(["on", "off"], {
    meaning:
      "on: this process makes accounts of Supabase Auth; its variables are those of accounts/config.ts",
    fallback: "off",
  }),
  TARGET_STATEMENT_MS: number(100, 600_000, {
    meaning:
      "milliseconds after which the target ends a statement of a loader; waiting for a lock ends shortly before, and costs no attempt",
    fallback: "60000",
    danger: "if it is longer, a dead connection is noticed later",
  }),
  TARGET_IDLE_MS: number(500, 600_000, {
    meaning: "milliseconds after which the target ends a silent transaction of a loader",
    fallback: "90000",
    danger: "if it is shorter than LEGACY_STATEMENT_MS, a slow legacy server costs attempts",
  }),
};
