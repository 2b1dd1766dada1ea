/** What a delta does about rows that the source has and the target lacks, in ranges that it did not read. */
import { entitiesIn, finishBatch, markQueued } from "@nexus/shared/ledger";
import { loadingEntity, runningRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import type { Deps } from "../deps.ts";
import { extractorUnderTest, runOf } from "../extractor.fixture.ts";
import { settle } from "../settle.ts";

let deps: Deps;
let runId: number;

/** A delta that reads the first ten practices; those up to 20,000 are as they were. */
beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  runId = await runningRun(deps.target, ["practices"]);
  await loadingEntity(deps.target, runId, "practices", 1);
  await deps.target.query(
    "update migration.runs set mode = 'delta'; update migration.run_entities set cursor_key = 20000",
  );
});

/** Both hold these keys. */
async function held(...keys: number[]): Promise<void> {
  const { legacy, target } = deps;
  await legacy.query("insert into dispatch_office select unnest($1::integer[])", [keys]);
  await target.query(
    "insert into public.practices (legacy_id, name) select k, 'a' from unnest($1::integer[]) k",
    [keys],
  );
}

async function lose(where: string): Promise<void> {
  await deps.target.query(`delete from public.practices where ${where}`);
}

/** Does what is planned, as a loader would. Returns the keys that were read one by one. */
async function load(): Promise<number> {
  const { legacy, target } = deps;
  const counts = { inserted: 0, updated: 0, rejected: 0, parked: 0, noted: 0 };
  let listed = 0;
  for (const { id } of await markQueued(target, runId, "practices", 1_000)) {
    const batch = await target.query<{ keys: number[] | null }>(
      "select keys from migration.batches where id = $1",
      [id],
    );
    const { keys } = batch.rows[0] ?? { keys: null };
    const found = await legacy.query<{ id: number }>(
      "select id from dispatch_office where case when $1::integer[] is null then id between 1 and 10 else id = any($1) end",
      [keys],
    );
    await target.query(
      `insert into public.practices (legacy_id, name) select k, 'b' from unnest($1::integer[]) k
       where not exists (select from public.practices p where p.legacy_id = k)`,
      [found.rows.map((row) => row.id)],
    );
    const read = found.rows.length;
    await finishBatch(target, id, { ...counts, read, loaded: read }, 1);
    listed += keys?.length ?? 0;
  }
  return listed;
}

async function settled(): Promise<string> {
  const run = await runOf(deps);
  await settle(deps, run);
  const found = await deps.target.query<{ name: string }>(
    "select name from migration.validations where not passed",
  );
  for (const status of ["complete", "loading", "blocked"] as const)
    if ((await entitiesIn(deps.target, runId, [status])).length === 1)
      return [status, ...found.rows.map(({ name }) => name)].join(" ");
  return "settling";
}

describe("rows that somebody deletes from the target while a delta goes on", () => {
  it("are read again, however many they are", async () => {
    await held(...Array.from({ length: 12_000 }, (_, n) => n + 1));
    await load();
    await lose("legacy_id > 10");
    expect(await settled()).toBe("loading");
    expect(await load()).toBe(10_000);
    expect(await settled()).toBe("loading");
    expect(await load()).toBe(1_990);
    expect(await settled()).toBe("complete");
  });

  it("are read again, also those that it lost while it did that", async () => {
    await held(1, 101, 102, 103);
    await load();
    await lose("legacy_id = 101");
    expect(await settled()).toBe("loading");
    await lose("legacy_id = 102");
    expect(await load()).toBe(1);
    expect(await settled()).toBe("loading");
    expect(await load()).toBe(1);
    expect(await settled()).toBe("complete");
  });

  it("block it, where they had been read one by one", async () => {
    await held(1, 101, 102);
    await load();
    await lose("legacy_id = 101");
    expect(await settled()).toBe("loading");
    await load();
    await lose("legacy_id = 101");
    expect(await settled()).toBe("blocked rows_lost");
  });

  it("block it, where their range had been read", async () => {
    await held(1, 2, 101);
    await load();
    await lose("legacy_id = 2");
    expect(await settled()).toBe("blocked rows_lost");
  });

  it("are none that the source had not when they were read one by one, and has now", async () => {
    await held(1, 101, 102);
    await load();
    await lose("legacy_id in (101, 102)");
    expect(await settled()).toBe("loading");
    await deps.legacy.query("delete from dispatch_office where id = 101");
    await load();
    await deps.legacy.query("insert into dispatch_office values (101)");
    expect(await settled()).toBe("complete");
  });
});
