import type { Pool } from "@nexus/shared/database";
import { startEntity, startRun } from "@nexus/shared/ledger";
import { freshTarget } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";

const catalog = ["practices", "profiles", "patients"];
const by = { actor: "tester", reason: null };
const order = { embeddings: false, codes: "{}" };
let target: Pool;

/** A practice of ours, one of somebody else, and two profiles of somebody else. */
beforeEach(async (context) => {
  target = await freshTarget(context);
  await target.query(
    `insert into public.practices (id, legacy_id, name) values (gen_random_uuid(), 1, 'a'), (gen_random_uuid(), null, 'b');
     insert into public.profiles (id) values (gen_random_uuid()), (gen_random_uuid())`,
  );
});

const ALL = [
  { entity: "practices", rows: 1 },
  { entity: "profiles", rows: 2 },
];

describe("a run over tables with rows that have no legacy key", () => {
  it("is refused with their counts, and nothing is written", async () => {
    expect(await startRun(target, order, by, catalog)).toEqual({
      kind: "strangers",
      strangers: ALL,
    });
    expect(await rowsOf("select from migration.runs")).toEqual([]);
    expect(await rowsOf("select from migration.audit_log")).toEqual([]);
  });

  it("asks only about the entities that it moves", async () => {
    expect(await startRun(target, { ...order, skip: ["profiles"] }, by, catalog)).toMatchObject({
      strangers: [{ entity: "practices" }],
    });
    expect(await startEntity(target, "patients", order, by, catalog)).toMatchObject({
      kind: "started",
    });
  });

  it("starts when somebody says why they may stay, which is kept and asked once", async () => {
    const left = { ...order, leaveStrangers: "made by hand" };
    expect(await startRun(target, left, by, catalog)).toMatchObject({ kind: "started" });
    expect(
      await rowsOf(
        "select entity, reason, details::text from migration.audit_log where action = 'leave_strangers' order by 1",
      ),
    ).toEqual([
      { entity: "practices", reason: "made by hand", details: `{"rows": 1}` },
      { entity: "profiles", reason: "made by hand", details: `{"rows": 2}` },
    ]);
    expect(
      await rowsOf("select entity, strangers from migration.run_entities order by position"),
    ).toEqual([
      { entity: "practices", strangers: 1 },
      { entity: "profiles", strangers: 2 },
      { entity: "patients", strangers: 0 },
    ]);
    await endRun();
    expect(await startRun(target, order, by, catalog)).toMatchObject({ kind: "started" });
  });

  it("asks again when there are more than somebody has decided about", async () => {
    await startRun(target, { ...order, leaveStrangers: "made by hand" }, by, catalog);
    await endRun();
    await target.query("insert into public.practices (id, name) values (gen_random_uuid(), 'c')");
    expect(await startRun(target, order, by, catalog)).toEqual({
      kind: "strangers",
      strangers: [{ entity: "practices", rows: 2 }],
    });
  });

  it("names the active run rather than the rows while there is one", async () => {
    await startRun(target, { ...order, leaveStrangers: "made by hand" }, by, catalog);
    await target.query("insert into public.practices (id, name) values (gen_random_uuid(), 'c')");
    expect(await startRun(target, order, by, catalog)).toMatchObject({ kind: "run_active" });
  });
});

async function endRun(): Promise<void> {
  await target.query("update migration.runs set status = 'cancelled'");
}

async function rowsOf(sql: string): Promise<unknown[]> {
  return (await target.query(sql)).rows;
}
