import { entities } from "@nexus/catalog";
import { openPool, type Pool } from "../database/pool.ts";
import { openEntity } from "../ledger/entity-lifecycle.ts";
import { migrateTarget } from "../ledger/migrate.ts";
import { planCursor, type Range, recordPlan } from "../ledger/planning.ts";
import { createRun, markRunBegun } from "../ledger/run-lifecycle.ts";
import { freshDatabase, type TestContext } from "./fresh.ts";

/** A pool on a migrated target of this test alone, closed after it. Skips the test where this run has no PostgreSQL. */
export async function freshTarget(context: TestContext): Promise<Pool> {
  const url = await freshDatabase(context, {
    name: "migrated_target",
    build: async (template) => {
      const pool = open(template);
      await migrateTarget({ target: pool, entities });
      await pool.end();
    },
  });
  const target = open(url);
  context.onTestFinished(() => target.end());
  return target;
}

function open(url: string): Pool {
  return openPool({
    url,
    max: 10,
    name: "nexus-test",
    pipelined: true,
    onError: () => undefined,
  });
}

/** A running run of these entities, none of which is planned yet. */
export async function runningRun(target: Pool, names: readonly string[]): Promise<number> {
  const selections = names.map((entity, position) => ({ entity, position, skip: false }));
  const runId = await createRun(target, selections, { embeddings: true, codes: "{}" });
  if (runId === undefined) throw new Error("a run is active already");
  await markRunBegun(target, runId);
  return runId;
}

/** Plans an entity to its end, as ranges of ten keys from 0, and opens it. Returns the ids of its batches. */
export async function loadingEntity(
  target: Pool,
  runId: number,
  entity: string,
  batches: number,
): Promise<number[]> {
  const cursor = await planCursor(target, runId, entity);
  if (cursor === undefined) throw new Error(`${entity} is planned already`);
  const ranges = Array.from({ length: batches }, (_, n): Range => ({
    after: n * 10,
    to: n * 10 + 10,
    expected: 10,
  }));
  await recordPlan(target, runId, entity, cursor, ranges, true);
  await openEntity(target, runId, entity, []);
  const { rows } = await target.query<{ id: number }>(
    "select id from migration.batches where run_id = $1 and entity = $2 order by seq",
    [runId, entity],
  );
  return rows.map(({ id }) => id);
}
