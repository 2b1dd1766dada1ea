import {
  backupVariables,
  choice,
  CONNECTIONS,
  legacyVariables,
  number,
  queueVariables,
  targetVariables,
} from "@nexus/shared/config";
import { statusVariables } from "@nexus/shared/runtime";

/** The environment of the extractor. */
export const variables = {
  ...statusVariables,
  ...legacyVariables({ connections: CONNECTIONS.legacy.extractor }),
  ...targetVariables({ connections: CONNECTIONS.target.extractor }),
  ...queueVariables,
  BATCH_ROWS: number(1, 5_000, {
    meaning: "rows of one batch",
    fallback: "1000",
    danger:
      "more rows hold the target's locks longer and cost the loaders memory; fewer cost round trips",
  }),
  HIGH_WATER: number(1, 100_000, {
    meaning: "batches of one entity in the queue at most",
    fallback: "200",
    danger: "each takes about 1 kB of the queue's memory",
  }),
  TICK_MS: number(10, 60_000, {
    meaning: "milliseconds between two checks of the ledger while a run is active",
    fallback: "50",
  }),
  IDLE_TICK_MS: number(10, 60_000, {
    meaning: "milliseconds between two checks while no run is active",
    fallback: "200",
  }),
  CARE_MS: number(100, 60_000, {
    meaning: "milliseconds between two rounds of releasing parked rows and looking for lost jobs",
    fallback: "1000",
  }),
  ...backupVariables,
  VERIFY: choice(["off", "after_settle"], {
    meaning:
      "after_settle: a run that begins with it is verified without being asked, once its last entity has settled and it is completed",
    fallback: "off",
    danger: "with after_settle, both servers are read once more after each run",
  }),
};
