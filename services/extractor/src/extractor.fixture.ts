/** What the extractor's parts are given in tests: real databases and a real queue, none of which anybody works on. */
import { entities, inDependencyOrder } from "@nexus/catalog";
import { openPool } from "@nexus/shared/database";
import { activeRun, type Run } from "@nexus/shared/ledger";
import { openTransport } from "@nexus/shared/queue";
import { openLog } from "@nexus/shared/telemetry";
import { freshDatabase, freshRedis, freshTarget, type TestContext } from "@nexus/shared/testing";
import type { Deps } from "./deps.ts";

const BATCH_ROWS = 2;

/** A source with an empty table of offices, a migrated target, an empty queue. */
export async function extractorUnderTest(context: TestContext): Promise<Deps> {
  const target = await freshTarget(context);
  const legacy = openPool({
    url: await freshDatabase(context),
    max: 2,
    name: "nexus-test",
    pipelined: true,
    onError: () => undefined,
  });
  context.onTestFinished(() => legacy.end());
  await legacy.query("create table dispatch_office (id integer primary key)");
  const transport = await openTransport({
    url: await freshRedis(context),
    prefix: "test",
    workers: 0,
    onError: () => undefined,
  });
  context.onTestFinished(() => transport.close());
  const log = openLog("test");
  log.level = "silent";
  const settings = {
    batchRows: BATCH_ROWS,
    highWater: 10,
    tickMs: 1,
    idleTickMs: 1,
    careMs: 0,
    legacyStatementMs: 5_000,
  };
  return {
    entities: inDependencyOrder(entities),
    legacy,
    target,
    transport,
    log,
    settings,
    signal: AbortSignal.timeout(60_000),
    settled: () => {},
  };
}

/** The active run. */
export async function runOf({ target }: Deps): Promise<Run> {
  const run = await activeRun(target);
  if (run === undefined) throw new Error("no run is active");
  return run;
}
