import { type Client, inTransaction, type Pool } from "@nexus/shared/database";
import { finishBatch, recordExceptions } from "@nexus/shared/ledger";
import { freshTarget, loadingEntity, runningRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { anyParked, releaseArrived } from "./arrivals.ts";

const PROFILES = { entity: "profiles", table: "profiles", key: "legacy_id" };
const NOTHING = { read: 0, loaded: 0, inserted: 0, updated: 0, rejected: 0, parked: 0, noted: 0 };

let target: Pool;
let runId: number;
let parents: number[];
let children: number[];

/** Patients 1 and 2 wait for the profiles 7 and 8, which the first batch of profiles would bring. */
beforeEach(async (context) => {
  target = await freshTarget(context);
  runId = await runningRun(target, ["profiles", "patients"]);
  parents = await loadingEntity(target, runId, "profiles", 2);
  children = await loadingEntity(target, runId, "patients", 2);
  for (const legacyId of [1, 2]) await park(children[0], legacyId, 6 + legacyId);
  await finishBatch(target, children[0] ?? 0, { ...NOTHING, read: 2, parked: 2 }, 1);
});

async function park(batch: number | undefined, legacyId: number, missingId: number): Promise<void> {
  const waits = { outcome: "parked", reason: "profiles_not_in_target", column: null } as const;
  await recordExceptions(target, { id: batch ?? 0, runId, entity: "patients" }, [
    { legacyId, missingEntity: "profiles", missingId, ...waits },
  ]);
}

async function bring(profile: number, batch = parents[0]): Promise<void> {
  await target.query("insert into public.profiles (legacy_id) values ($1)", [profile]);
  await finishBatch(target, batch ?? 0, { ...NOTHING, read: 1, loaded: 1, inserted: 1 }, 1);
}

function release(): ReturnType<typeof releaseArrived> {
  return inTransaction(target, (tx) => releaseArrived(tx, runId, [PROFILES]));
}

describe("parked rows", () => {
  it("are released once, when a batch of their parents is done that brought one of them", async () => {
    expect(await anyParked(target, runId)).toBe(true);
    expect(await release()).toEqual([]);
    await bring(7);
    expect(await release()).toEqual([{ entity: "patients", batches: 1 }]);
    expect(await release()).toEqual([]);
  });

  it("are released when their parent came by the keys of a repair", async () => {
    await target.query(
      "update migration.batches set keys = '{8}', after_key = null, to_key = null where id = $1",
      [parents[1]],
    );
    await bring(8, parents[1]);
    expect(await release()).toEqual([{ entity: "patients", batches: 1 }]);
  });

  it("are released when they are parked after their parent was looked at", async () => {
    await bring(9);
    expect(await release()).toEqual([]);
    await park(children[1], 11, 9);
    await finishBatch(target, children[1] ?? 0, { ...NOTHING, read: 1, parked: 1 }, 1);
    expect(await release()).toEqual([{ entity: "patients", batches: 1 }]);
  });

  it("are looked at by nobody while nothing is done, however many wait", async () => {
    await target.query(
      `insert into migration.exceptions (run_id, entity, legacy_id, batch_id, outcome, reason, missing_entity, missing_id)
       select $1, 'patients', n, $2, 'parked', 'profiles_not_in_target', 'profiles', n % 5 from generate_series(100, 60000) n`,
      [runId, children[0]],
    );
    await target.query("analyze migration.exceptions");
    await release();
    const read = await inTransaction(target, async (tx) => {
      const before = await exceptionsRead(tx);
      expect(await releaseArrived(tx, runId, [PROFILES])).toEqual([]);
      return (await exceptionsRead(tx)) - before;
    });
    expect(read).toBe(0);
    await bring(7);
    const again = await inTransaction(target, async (tx) => {
      const before = await exceptionsRead(tx);
      expect(await releaseArrived(tx, runId, [PROFILES])).toEqual([
        { entity: "patients", batches: 1 },
      ]);
      return (await exceptionsRead(tx)) - before;
    });
    expect(again).toBeLessThan(20);
  });
});

/** Rows of the exceptions that this transaction has read. */
async function exceptionsRead(tx: Client): Promise<number> {
  const { rows } = await tx.query<{ read: number }>(
    `select seq_tup_read + coalesce(idx_tup_fetch, 0) as read from pg_stat_xact_user_tables
     where schemaname = 'migration' and relname = 'exceptions'`,
  );
  return rows[0]?.read ?? 0;
}
