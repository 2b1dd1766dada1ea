import { openPool, urlOf } from "@nexus/shared/database";
import { openLine } from "@nexus/shared/testing";
import { expect, it, type TestContext } from "vitest";
import { loadBatch } from "./load.ts";
import { loaderUnderTest } from "./loader.fixture.ts";

/** The servers are so far away that what is sent together is under way before the first of it is answered. */
async function farAway(context: TestContext, url: string) {
  const line = await openLine(url, { delayMs: 40 });
  const options = { max: 2, name: "nexus-test", pipelined: true, onError: () => undefined };
  const pool = openPool({ ...options, url: line.url });
  context.onTestFinished(() => line.cut());
  context.onTestFinished(() => pool.end());
  await pool.query("select 1");
  return { pool, line };
}

it("an ordinary batch takes one round trip to the source and four to the target", async (context) => {
  const loader = await loaderUnderTest(context);
  await loader.legacy.query(
    "insert into dispatch_office (id, name) select n, 'office ' || n from generate_series(1, 20) n",
  );
  await loader.begin("practices");
  const { rows } = await loader.target.query<{ id: number; run_id: number }>(
    "select id, run_id from migration.batches",
  );
  const [batch = { id: 0, run_id: 0 }] = rows;
  await loader.deps.runContext(batch.run_id);
  const source = await farAway(context, urlOf(loader.legacy));
  const target = await farAway(context, urlOf(loader.target));
  const before = [source.line.trips(), target.line.trips()] as const;
  await loadBatch(
    { ...loader.deps, legacy: source.pool, target: target.pool },
    {
      runId: batch.run_id,
      entity: "practices",
      batch: batch.id,
      generation: 1,
      from: null,
      to: null,
    },
    AbortSignal.timeout(60_000),
  );
  expect(source.line.trips() - before[0]).toBe(1);
  expect(target.line.trips() - before[1]).toBe(4);
  const found = await loader.target.query("select status, loaded from migration.batches");
  expect(found.rows).toEqual([{ status: "done", loaded: 20 }]);
});
