/** Redis fails over: another server is the primary, behind the address that services know. Replication is asynchronous, so it may lack jobs. */
import { entities } from "@nexus/catalog";
import { eventually, type ServiceProcess, startPostgres } from "@nexus/shared/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { differences, makeFloor } from "../beside-the-floor.ts";
import { type Journey, openJourney } from "../journey.ts";
import { oneDatabase } from "../one-database.ts";
import { accountsOf } from "./accounts.ts";
import { beginAnew, committed, extraAttempts } from "./arena.ts";
import { startPair } from "./standby.ts";

const HIGH_WATER = 20;
/** Milliseconds between two lines of a process about one kind of trouble. */
const SELDOM_MS = 30_000;

const LOST = "jobs were lost, enqueueing them again";

const postgres = await startPostgres();
const pair = await startPair();

// Needs psql, and servers whose databases are ours; what is not installed is named in the closing lines.
describe.skipIf(!postgres.found || !pair.found)(
  "a Redis that fails over in the middle of a run",
  () => {
    let journey: Journey;
    beforeAll(async () => {
      if (!postgres.found || !pair.found) return;
      journey = await openJourney(oneDatabase(postgres, pair.url), {
        sample: { scale: 0.005, seed: 37, schema: "legacy" },
        env: {
          BATCH_ROWS: "10",
          LOADER_CONCURRENCY: "2",
          HIGH_WATER: String(HIGH_WATER),
          TICK_MS: "100",
        },
        loaders: 2,
      });
      await makeFloor(postgres, journey.stack.targetUrl);
    });
    afterAll(async () => {
      await journey?.close();
      if (pair.found) await pair.stop();
      if (postgres.found) await postgres.stop();
    });
    beforeEach(async () => {
      if (pair.found) await pair.inStep();
    });

    it("and follows the new primary, while connections to it are open: they are left", async () => {
      if (!pair.found) return;
      const runId = await beginAnew(journey);
      await committed(journey, runId, HIGH_WATER);
      await pair.demote();
      await eventually(() => /"code":"(READONLY|UNBLOCKED)"/.test(said(journey.services)));
      await expectWhole(journey, runId);
    });

    it("and is out of reach, while the new primary lacks all that is on offer: it is offered again", async () => {
      if (!pair.found) return;
      const before = timesLost(journey.services);
      const runId = await beginAnew(journey);
      const { done } = await committed(journey, runId, HIGH_WATER);
      await pair.fallBehind();
      const { over } = await committed(journey, runId, done + 2 * HIGH_WATER);
      expect(over).toBe(false);
      await pair.lose();
      await expectWhole(journey, runId);
      expect(timesLost(journey.services)).toBeGreaterThan(before);
    });
  },
);

/** The run ends with what floor.sql makes of the source; nothing was done or offered twice, and the logs are short. */
async function expectWhole(journey: Journey, runId: number): Promise<void> {
  const { target, services } = journey;
  await journey.completed(runId, 60_000);
  for (const entity of entities) expect(await differences(target, entity, 20)).toEqual([]);
  const { offers } = await accountsOf(target, runId);
  expect(offers.length).toBeGreaterThan(0);
  expect(new Set(offers).size, "no id is offered twice in a first run").toBe(offers.length);
  expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
  expect(tooOften(services)).toEqual([]);
}

function said(services: readonly ServiceProcess[]): string {
  return services.map((service) => service.output()).join("\n");
}

function timesLost(services: readonly ServiceProcess[]): number {
  return services.flatMap((service) => service.logs()).filter(({ msg }) => msg === LOST).length;
}

/** Lines about an error that came too soon after one of the same words. */
function tooOften(services: readonly ServiceProcess[]): string[] {
  return services.flatMap((service) => {
    const lastAt = new Map<unknown, number>();
    return service.logs().flatMap(({ msg, err, time }) => {
      if (err === undefined) return [];
      const at = Date.parse(String(time));
      const since = at - (lastAt.get(msg) ?? -Infinity);
      lastAt.set(msg, at);
      return since < SELDOM_MS ? [`${service.name}: ${String(msg)}, ${since} ms`] : [];
    });
  });
}
