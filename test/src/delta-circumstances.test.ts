/** When a delta must not take a row for what it was: each leaves the target as a full run would, beside the floor. */
import { openClient } from "@nexus/contract";
import { mutate } from "@nexus/local/sample";
import type { EntityProgress } from "@nexus/shared/ledger";
import { eventually, startPostgres, startRedis } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectFloor, readWhole, sourceRows, sum } from "./after-delta.ts";
import { startApiHere } from "./api-here.ts";
import { type Journey, openJourney } from "./journey.ts";
import { oneDatabase } from "./one-database.ts";
import { expectSumsToClose } from "./outcomes.ts";
import { rolledBack } from "./rolled-back.ts";

const postgres = await startPostgres();
const redis = await startRedis();

// Needs psql and a server whose databases are ours, as the floor does; what is not installed is named in the closing lines.
describe.skipIf(!postgres.found || !redis.found)("a delta reads again", () => {
  let journey: Journey;

  beforeAll(async () => {
    if (!postgres.found || !redis.found) return;
    journey = await openJourney(oneDatabase(postgres, await redis.database()), {
      sample: { scale: 0.02, schema: "legacy" },
      env: { BATCH_ROWS: "50" },
    });
    await journey.completed(await journey.begin({ skip: ["practices"] }));
  });
  afterAll(async () => {
    await journey?.close();
    if (postgres.found) await postgres.stop();
    if (redis.found) await redis.stop();
  });

  const delta = async (options = {}): Promise<readonly EntityProgress[]> => {
    const found = await journey.completed(await journey.begin({ mode: "delta", ...options }));
    expectSumsToClose(found);
    return found;
  };
  const change = async (seed: number): Promise<void> => {
    const url = journey.stack.legacyUrl.replace(/\?.*/, "");
    await mutate({ url, seed, share: 0.02, shape: "real", schema: "legacy" });
  };
  const asTheFloor = async (): Promise<void> => {
    if (postgres.found) await expectFloor(journey, postgres);
  };

  it("what was parked, when its parent has come", async () => {
    const { rows } = await journey.target.query<{ parked: number }>(
      "select count(*) as parked from migration.exceptions where outcome = 'parked'",
    );
    expect(rows[0]?.parked).toBeGreaterThan(100);
    expect(readWhole(await delta())).toEqual({ practices: "no_fingerprints" });
    await asTheFloor();
    expect(sum(await delta(), "read")).toBe(0);
  });

  it("children of a parent that moved, and all cases: a patient's user moved, too, and only the source knows whose creator that is", async () => {
    await journey.legacy.query(
      "update dispatch_patient set office_id = (select max(id) from dispatch_office) where id % 7 = 0",
    );
    const moved = await delta();
    const [cases] = moved.filter(({ entity }) => entity === "cases");
    expect([cases?.unchanged, cases?.read]).toEqual([0, cases?.expected]);
    await asTheFloor();
    await journey.legacy.query(
      `update dispatch_office_doctors d set office_id = (select max(id) from dispatch_office)
       where id in (select max(id) from dispatch_office_doctors x where not exists (
         select from dispatch_office_doctors y where y.user_id = x.user_id and y.id <> x.id) group by office_id order by 1 limit 5)`,
    );
    await delta();
    await asTheFloor();
  });

  it("everything under other codes, and everything again under the former ones", async () => {
    const codes = JSON.stringify({ case_state: { codes: { "0": "completed" } } });
    const other = await delta({ codes });
    expect(new Set(Object.values(readWhole(other)))).toEqual(new Set(["other_circumstances"]));
    expect([sum(other, "read"), sum(other, "unchanged")]).toEqual([await sourceRows(journey), 0]);
    expect(sum(other, "updated")).toBeGreaterThan(0);
    expect(sum(await delta({ codes }), "read")).toBe(0);
    expect(sum(await delta(), "read")).toBe(await sourceRows(journey));
    await asTheFloor();
  });

  it("an entity of which somebody has deleted a row from the target, though another one stays there that is gone from the source", async () => {
    const deleteOne = `delete from public.case_states where legacy_id in (select min(legacy_id) from public.case_states)`;
    await journey.target.query(deleteOne);
    expect(readWhole(await delta())).toEqual({ case_states: "target_lacks_rows" });
    await asTheFloor();
    const gone = await journey.legacy.query(
      "delete from dispatch_state where id = (select max(id) from dispatch_state)",
    );
    expect(gone.rowCount).toBe(1);
    await delta();
    await journey.target.query(deleteOne);
    const found = await delta();
    expect(readWhole(found)).toEqual({ case_states: "target_lacks_rows" });
    expect(sum(found, "inserted")).toBe(1);
    await asTheFloor();
  });

  it("a row that was gone and came back as it was", async () => {
    const { legacy } = journey;
    await legacy.query(
      "create table kept as select * from dispatch_office_doctors order by id desc limit 3",
    );
    await legacy.query("delete from dispatch_office_doctors where id in (select id from kept)");
    await delta();
    await legacy.query("insert into dispatch_office_doctors select * from kept; drop table kept");
    await delta();
    await asTheFloor();
  });

  it("what a rollback took back", async (context) => {
    await change(11);
    const runId = await journey.begin({ mode: "delta" });
    await journey.completed(runId);
    const { url } = await startApiHere(context, journey.stack);
    await rolledBack(openClient({ url }), runId);
    const again = await delta();
    expect(new Set(Object.values(readWhole(again)))).toEqual(new Set(["no_fingerprints"]));
    await asTheFloor();
  });

  it("what a killed extractor and a killed loader have left, without a row lost", async () => {
    for (const seed of [21, 22, 23]) {
      await change(seed);
      const runId = await journey.begin({ mode: "delta" });
      await eventually(
        async () =>
          (await journey.target.query("select from migration.batches where run_id = $1", [runId]))
            .rowCount ?? 0,
        { until: (batches) => batches > 0, within: 60_000, every: 5 },
      );
      await Promise.all(journey.services.map((service) => service.kill("SIGKILL")));
      await Promise.all([journey.start("extractor"), journey.start("loader")]);
      await journey.completed(runId);
      await asTheFloor();
    }
    expect(sum(await delta(), "read")).toBe(0);
  });

  it("what a batch that failed could not write", async (context) => {
    const { target, legacy } = journey;
    await Promise.all(journey.services.map((service) => service.kill("SIGTERM")));
    await journey.start("extractor");
    await legacy.query(
      "update dispatch_template set task_name = 'Changed' where id in (select min(id) from dispatch_template)",
    );
    const runId = await journey.begin({ mode: "delta" });
    // Nobody loads: the batch fails as one does whose attempts are spent.
    const fail = async (): Promise<string | undefined> => {
      await target.query(
        "update migration.batches set status = 'failed', error_code = 'XX000' where run_id = $1 and status = 'queued'",
        [runId],
      );
      const { rows } = await target.query<{ status: string }>(
        "select status from migration.run_entities where run_id = $1 and entity = 'workflow_templates'",
        [runId],
      );
      return rows[0]?.status;
    };
    await eventually(fail, { until: (status) => status === "blocked", within: 60_000 });
    const { url } = await startApiHere(context, journey.stack);
    const params = { entity: "workflow_templates" };
    const body = { reason: "a trial" };
    await openClient({ url }).call("POST /v1/entities/:entity/waive", { params, body });
    await journey.completed(runId);
    await journey.start("loader");
    expect(sum(await delta(), "updated")).toBe(1);
    await asTheFloor();
  });
});
