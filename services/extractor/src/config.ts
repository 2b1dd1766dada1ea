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
import { testAccountsVariable } from "./accounts/test-accounts.ts";
import { gonePolicyVariable } from "./gone/policy.ts";

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
  UNDO: choice(["auto", "on", "off"], {
    meaning:
      "on: a run that begins with it keeps what it changes, so that it can be rolled back; auto: if the source has 5,000,000 rows or fewer to read, by its own statistics",
    fallback: "auto",
    danger:
      "16 bytes for each new row and every changed row as it was are kept in the target for UNDO_DAYS",
  }),
  UNDO_DAYS: number(1, 3_650, {
    meaning: "days after its end for which a run can be rolled back",
    fallback: "30",
    danger: "what was kept is removed for good within the hour",
  }),
  FINGERPRINTS: choice(["on", "off"], {
    meaning:
      "on: a run that begins with it keeps a fingerprint of each row that it reads, so that a later delta reads only what changed",
    fallback: "on",
    danger:
      "16 bytes for each row of the source are kept in the target; without them a delta reads everything",
  }),
  GONE_POLICY: gonePolicyVariable,
  SYNC_SOURCE_LATENCY: number(1, 60_000, {
    meaning:
      "milliseconds that the source may take to read one entry of an index while it is followed (nexus sync): beyond them its delta waits until it is faster again",
    fallback: "500",
    danger:
      "below the time of its network every delta waits for ever; high above its usual time the source is not spared",
  }),
  ACCOUNTS: choice(["on", "off"], {
    meaning:
      "on: verification compares accounts with Supabase Auth, by the loader's SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY; set it as for the loader",
    fallback: "off",
    danger: "off: a verification says that accounts are not verified",
  }),
  TEST_ACCOUNTS: testAccountsVariable,
  ...backupVariables,
  VERIFY: choice(["off", "after_settle"], {
    meaning:
      "after_settle: a run that begins with it is verified without being asked, once its last entity has settled and it is completed",
    fallback: "off",
    danger: "with after_settle, both servers are read once more after each run",
  }),
};
