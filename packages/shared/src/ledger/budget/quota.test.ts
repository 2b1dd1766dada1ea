/** Real processes and a real database; only the clock is faster than ours, as each title says. */
import { describe, expect, it } from "vitest";
import type { TestContext } from "../../testing/fresh.ts";
import { freshLedger } from "../../testing/fresh-ledger.ts";
import { remark } from "../../testing/test-run.ts";
import { type Scene, type Simulation, simulate, use } from "./pool/simulate.fixture.ts";

const requests = { tokensPerMinute: null, tokens: 100 };

const scenes: Scene[] = [
  { ...requests, requestsPerMinute: 600, processes: 4, lanes: 4, clockSpeed: 10 },
  {
    requestsPerMinute: 6_000,
    tokensPerMinute: 300_000,
    tokens: 500,
    processes: 4,
    lanes: 4,
    clockSpeed: 10,
  },
];

/** NEXUS_QUOTAS=all measures every combination, for the figures: five minutes, and a machine that has nothing else to do. */
const everyScene = [60, 600, 6_000].flatMap((requestsPerMinute) =>
  [1, 4, 16].map((processes): Scene => ({
    ...requests,
    requestsPerMinute,
    processes,
    lanes: Math.ceil(32 / processes),
    clockSpeed: requestsPerMinute === 6_000 ? 2 : 10,
  })),
);

describe("a pool of embedders", () => {
  it.for(process.env["NEXUS_QUOTAS"] === "all" ? [...scenes, ...everyScene] : scenes)(
    "uses 95 % of $requestsPerMinute requests or $tokensPerMinute tokens a minute with $processes processes, the clock $clockSpeed times ours",
    (scene, context) =>
      atSomeClock(scene, async (slower) => {
        const { endpoint, pass } = await started(context, slower);
        const from = endpoint.now();
        const seconds = scene.requestsPerMinute === 60 ? 240 : 75;
        await pass(seconds);
        const seen = use(endpoint.calls, slower, from, from + seconds);
        remark(
          "measured",
          `${said(slower)}: ${percent(seen.used)} used, ${percent(seen.throttled)} of ${seen.calls} throttled`,
        );
        expect(seen.used).toBeGreaterThanOrEqual(0.95);
        expect(seen.throttled).toBeLessThan(0.005);
      }),
  );

  it("is back at 95 % within 60 seconds after all calls of 30 seconds were throttled, the clock 10 times ours", (context) =>
    atSomeClock(
      { ...requests, requestsPerMinute: 600, processes: 4, lanes: 4, clockSpeed: 10 },
      async (scene) => {
        const { endpoint, pass } = await started(context, scene);
        await pass(30);
        endpoint.storm(true);
        const stormed = endpoint.now();
        await pass(30);
        endpoint.storm(false);
        const calm = endpoint.now();
        await pass(90);
        const after = use(endpoint.calls, scene, calm + 60, calm + 90);
        const during = use(endpoint.calls, scene, stormed, calm);
        remark(
          "measured",
          `after a storm of 30 s (${during.calls} calls): ${percent(after.used)} used from second 60 on`,
        );
        expect(after.used).toBeGreaterThanOrEqual(0.95);
        expect(during.calls).toBeLessThan(100);
      },
    ));

  it("that is killed leaves a bill that lacks no more than the calls under way, the clock 10 times ours", async (context) => {
    const scene = { ...requests, requestsPerMinute: 6_000, processes: 4, lanes: 4, clockSpeed: 10 };
    const { url, target } = await freshLedger(context);
    const { endpoint, pass, stop } = await simulate(url, scene);
    await pass(20);
    await stop();
    const billed = endpoint.calls.filter(({ admitted }) => admitted).length;
    const { rows } = await target.query<{ calls: number; tokens: number }>(
      "select calls, tokens from migration.embedding_usage",
    );
    const [bill] = rows;
    expect(bill?.tokens).toBe((bill?.calls ?? 0) * scene.tokens);
    expect(bill?.calls).toBeLessThanOrEqual(billed);
    expect(bill?.calls).toBeGreaterThanOrEqual(billed - scene.processes * scene.lanes);
  });
});

/**
 * The faster the clock, the more calls a machine must make in a second: one that is busy may not keep up. Then the same is asked
 * with a slower clock, on which only a pool that wastes its quota falls short again.
 */
async function atSomeClock(scene: Scene, measure: (scene: Scene) => Promise<void>): Promise<void> {
  try {
    await measure(scene);
  } catch (cause) {
    if (scene.clockSpeed <= 2) throw cause;
    await atSomeClock({ ...scene, clockSpeed: scene.clockSpeed / 2.5 }, measure);
  }
}

async function started(context: TestContext, scene: Scene): Promise<Simulation> {
  const { url } = await freshLedger(context);
  const simulation = await simulate(url, scene);
  context.onTestFinished(() => simulation.stop());
  return simulation;
}

function said({ requestsPerMinute, tokensPerMinute, processes, lanes, clockSpeed }: Scene): string {
  const quota = `${requestsPerMinute} requests${tokensPerMinute === null ? "" : `, ${tokensPerMinute} tokens`} a minute`;
  return `${quota}, ${processes} × ${lanes} workers, clock × ${clockSpeed}`;
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}
