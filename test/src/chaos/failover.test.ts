/** Redis fails over: another server is the primary, behind the address that services know. Replication is asynchronous, so it may lack jobs. */
import { eventually, type ServiceProcess } from "@nexus/shared/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type Arena,
  beginAnew,
  breakable,
  committed,
  expectTheSame,
  extraAttempts,
  openArena,
  servers,
} from "./arena.ts";
import { withStandby } from "./standby.ts";

const HIGH_WATER = 20;
/** Milliseconds between two lines of a process about one kind of trouble. */
const SELDOM_MS = 30_000;

const LOST = "jobs were lost, enqueueing them again";

// Needs real servers that a test may kill and cut off: embedded ones live in its own process.
describe.skipIf(!breakable)("a Redis that fails over to its standby in the middle of a run", () => {
  let arena: Arena;
  const stack = withStandby(servers);
  beforeAll(async () => {
    arena = await openArena(
      {
        sample: { scale: 0.01, seed: 37 },
        env: {
          BATCH_ROWS: "10",
          LOADER_CONCURRENCY: "2",
          HIGH_WATER: String(HIGH_WATER),
          TICK_MS: "100",
        },
        loaders: 2,
      },
      stack,
    );
  });
  afterAll(() => arena.journey.close());
  beforeEach(() => stack.pair().inStep());

  it("and is a standby itself from then on, to which connections are still open: they are left, and nothing is done twice", async () => {
    const { journey } = arena;
    const runId = await beginAnew(journey);
    await committed(journey, runId, 20);
    await stack.pair().demote();
    await eventually(() => /"code":"(READONLY|UNBLOCKED)"/.test(said(journey.services)));
    await expectTheSame(arena, runId, 60_000);
    expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
    expect(tooOften(journey.services)).toEqual([]);
  });

  it("and is out of reach, while the standby lacks all that is on offer: it is offered again", async () => {
    const { journey } = arena;
    const before = timesLost(journey.services);
    const runId = await beginAnew(journey);
    const { done } = await committed(journey, runId, HIGH_WATER);
    await stack.pair().fallBehind();
    const { over } = await committed(journey, runId, done + 2 * HIGH_WATER);
    expect(over).toBe(false);
    await stack.pair().lose();
    await expectTheSame(arena, runId, 60_000);
    expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
    expect(timesLost(journey.services)).toBeGreaterThan(before);
    expect(tooOften(journey.services)).toEqual([]);
  });
});

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
