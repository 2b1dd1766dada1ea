/**
 * A source that is followed while people work in all of its tables: what the product says of its lag is compared with a clock of the test, and
 * when they stop, the next delta leaves the target as it must be. SYNC_SECONDS: for how long they work; five minutes are 300.
 */
import { nexusHere } from "@nexus/cli/nexus-here";
import { type Client, openClient } from "@nexus/contract";
import { startTicker } from "@nexus/shared/runtime";
import { eventually, remark, startPostgres, startRedis } from "@nexus/shared/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { expectFloor } from "../after-delta.ts";
import { startApiHere } from "../api-here.ts";
import { type Journey, openJourney } from "../journey.ts";
import { oneDatabase } from "../one-database.ts";
import { verify } from "../verify.ts";
import { type BusySource, busySource } from "./busy-source.ts";
import { addIsland } from "./island.ts";
import { type Marks, marksIn } from "./marks.ts";

const postgres = await startPostgres();
const redis = await startRedis();

const WORK_MS = 1_000 * Number(process.env["SYNC_SECONDS"] ?? 10);
/** Writes a second. */
const PACE = 100;
/** Seconds from delta to delta. A delta takes one or two where nothing else runs. */
const EVERY = 5;
/** Seconds by which the lag may be wrong. */
const WRONG_BY = 5;

// Needs psql and a server whose databases are ours, as the floor does; what is not installed is named in the closing lines.
describe.skipIf(!postgres.found || !redis.found)("a source that is followed", () => {
  let journey: Journey;
  let people: BusySource;
  let marks: Marks;
  let api: Client;
  let here: Readonly<Record<string, string>>;

  beforeAll(async () => {
    if (!postgres.found || !redis.found) return;
    journey = await openJourney(oneDatabase(postgres, await redis.database()), {
      sample: { scale: 0.01, schema: "legacy" },
      env: { BATCH_ROWS: "200" },
    });
    await addIsland(journey.legacy, "real");
    await journey.completed(await journey.begin());
    people = busySource(journey.legacy, "real", 7);
    marks = marksIn(journey.legacy, journey.target);
  });
  afterAll(async () => {
    await journey?.close();
    if (postgres.found) await postgres.stop();
    if (redis.found) await redis.stop();
  });
  beforeEach(async (context) => {
    const { url } = await startApiHere(context, journey.stack, { EMBEDDINGS: "off" });
    api = openClient({ url });
    here = { NEXUS_API_URL: url };
  });

  const nexus = (line: string) => nexusHere(line.split(" "), here);
  const following = async () => (await api.call("GET /v1/sync")).following;
  const deltas = async (): Promise<number> => (await following())?.deltas ?? 0;

  it(
    `under ${PACE} writes a second for ${WORK_MS / 1_000} s tells how far behind the target is, and is equal to it when they stop`,
    async (context) => {
      const begun = await nexus(`sync --every ${EVERY}s --reason until-the-weekend`);
      expect(begun.stdout, begun.stderr).toMatch(/^the source is followed: a delta every 5 s$/m);
      const work = working(people, marks);
      context.onTestFinished(() => work.end());
      // Before a delta that began after a mark has ended, the marks know less than the product.
      await eventually(deltas, { until: (n) => n > 2, within: 60_000, every: 50 });
      const from = performance.now();
      const wrongBy: number[] = [];
      const betweenDeltas: number[] = [];
      const compared = await eventually(
        async () => {
          const truth = await marks.age();
          const { lag, following: now } = await api.call("GET /v1/sync");
          for (const { entity, seconds } of lag) {
            if (truth[entity] === undefined) continue;
            wrongBy.push((seconds ?? 0) - truth[entity]);
            if (now?.run?.status === "completed") betweenDeltas.push(wrongBy.at(-1) ?? 0);
          }
          return performance.now() - from;
        },
        {
          // On a slow machine a delta is at work nearly all the time.
          until: (worked) => worked > WORK_MS && betweenDeltas.length > 10,
          within: 10 * WORK_MS,
          every: 100,
        },
      );
      // It is a bound: never less than the truth, but for the time between two looks.
      const told = { least: Math.min(...wrongBy), most: Math.max(...betweenDeltas) };
      expect([wrongBy.length > 100, betweenDeltas.length > 10]).toEqual([true, true]);

      const before = await deltas();
      await journey.services.findLast(({ name }) => name === "extractor")?.kill("SIGKILL");
      await journey.start("extractor");
      await eventually(deltas, { until: (now) => now > before + 1, within: 60_000, every: 50 });
      const writes = await work.stop();
      const stopped = performance.now();
      expect([...people.done].filter(([, rows]) => rows === 0)).toEqual([]);

      const caughtUp = await eventually(() => api.call("GET /v1/sync"), {
        until: ({ lag }) =>
          lag.every(({ seconds }) => (seconds ?? Infinity) < (performance.now() - stopped) / 1_000),
        within: 60_000,
        every: 50,
      });
      const convergedMs = performance.now() - stopped;
      expect(caughtUp.following).toMatchObject({ stopped: null, reason: "until-the-weekend" });
      const shown = await nexus("sync");
      expect(shown.stdout).toMatch(/^practices +\d+ s +\d+$/m);
      expect((await nexus("sync --stop")).stdout).toMatch(/followed no more/);
      await journey.completed((await following())?.run?.id ?? 0);
      if (postgres.found) await expectFloor(journey, postgres);
      const proved = await verify(api);
      expect(proved.entities.map(({ kinds }) => kinds)).toEqual(proved.entities.map(() => ({})));
      const seconds = Math.round(compared / 1_000);
      remark(
        "measured",
        `following: ${writes} writes in ${seconds} s and a kill, ${await deltas()} deltas; the lag was told ${told.least.toFixed(1)} to ${told.most.toFixed(1)} s more than it was between deltas (${betweenDeltas.length} looks), ${Math.max(...wrongBy).toFixed(1)} s at most while one ran (${wrongBy.length}); equal ${(convergedMs / 1_000).toFixed(1)} s after the last write`,
      );
      expect(told.least).toBeGreaterThan(-1);
      // While a delta runs, rows are in the target that nobody vouches for before it has ended.
      expect(told.most).toBeLessThan(WRONG_BY);
    },
    120_000 + 10 * WORK_MS,
  );
});

/** People work at their pace, and the marks are written each tenth of a second. */
function working(
  people: BusySource,
  marks: Marks,
): { end(): Promise<void>; stop(): Promise<number> } {
  const from = performance.now();
  const failures: unknown[] = [];
  let writes = 0;
  const runOnce = async (): Promise<number> => {
    await (writes % (PACE / 10) === 0 ? marks.next() : people.write());
    writes += 1;
    return from + (writes * 1_000) / PACE - performance.now();
  };
  const ticker = startTicker({ runOnce, onError: (error) => failures.push(error), retryMs: 100 });
  return {
    end: () => ticker.stop(),
    stop: async () => {
      await ticker.stop();
      expect(failures).toEqual([]);
      return writes;
    },
  };
}
