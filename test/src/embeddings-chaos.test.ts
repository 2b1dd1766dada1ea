/** Embedders against the stand-in for Bedrock, which fails, and which fail themselves. */
import { type BedrockServer, bedrockEnvironment, startBedrock } from "@nexus/local/bedrock";
import { embeddingProgress } from "@nexus/shared/ledger";
import { eventually, remark, type ServiceProcess } from "@nexus/shared/testing";
import { afterEach, describe, expect, it } from "vitest";
import { breakableWithVectors, servers } from "./chaos/arena.ts";
import { dice, rounds, seed } from "./chaos/dice.ts";
import {
  callCount,
  distinctTexts,
  drained,
  failures,
  longestText,
  openEvents,
  settledItems,
  unsettledContent,
  vectorTimes,
} from "./embeddings.ts";
import { type Journey, openJourney } from "./journey.ts";

const CALLS = 8;
const CALL_TIMEOUT_MS = 2_000;
const TEXT_CLAIM_MS = 4_000;
/** Longer than a claim, and than the three times of a call in which its answer is waited for. */
const FROZEN_MS = Math.max(TEXT_CLAIM_MS, 3 * CALL_TIMEOUT_MS) + 1_000;
/** Kills and the cap need a drain that lasts; `npm run chaos` embeds more. */
const LONG_SCALE = rounds > 1 ? 0.02 : 0.01;
/** Some 400 texts are far more than the calls under way, which is what a fault meets. */
const SCALE = rounds > 1 ? LONG_SCALE : 0.005;

// Runs on servers that a test may break, with vectors: chaos/arena.ts says where there are none.
describe.skipIf(!breakableWithVectors)(`embedders in trouble (seed ${seed})`, () => {
  let bedrock: BedrockServer;
  let journey: Journey;
  afterEach(async () => {
    await journey?.close();
    await bedrock?.close();
  });

  async function open(
    schedule: Parameters<typeof startBedrock>[0],
    scale = LONG_SCALE,
  ): Promise<void> {
    bedrock = await startBedrock(schedule);
    journey = await openJourney(servers, {
      sample: { scale },
      env: {
        ...bedrockEnvironment(bedrock.url),
        EMBEDDING_PROVIDER: "bedrock",
        EMBEDDER_CALLS: String(CALLS),
        CALL_TIMEOUT_MS: String(CALL_TIMEOUT_MS),
        TEXT_CLAIM_MS: String(TEXT_CLAIM_MS),
      },
    });
  }

  it.each(["unavailable", "reset", "throttled", "hang"] as const)(
    "lose nothing when every call of a whole run is answered with: %s",
    async (fault) => {
      await open({ faults: [{ fault }] }, SCALE);
      await Promise.all([journey.start("embedder"), journey.start("embedder")]);
      await journey.completed(await journey.begin({ embeddings: true }));
      expect(await openEvents(journey.target)).toBeGreaterThan(0);
      expect(bedrock.bill().billed).toBe(0);
      bedrock.change({ faults: [] });
      await drained(journey.target, 90_000);
      expect(await unsettledContent(journey.target)).toEqual([]);
      expect(await failures(journey.target)).toBe(0);
      expect(bedrock.bill().billed).toBe(await callCount(journey.target));
    },
  );

  it("that are killed at any moment miss no vector and write none twice", async () => {
    await open({ latencyMs: 250 });
    const thrown = dice(seed);
    const alive: ServiceProcess[] = await Promise.all(
      [1, 2, 3].map(() => journey.start("embedder")),
    );
    await journey.completed(await journey.begin({ embeddings: true }));
    let kills = 0;
    for (; kills < 8 && (await openEvents(journey.target)) > 0; kills++) {
      const settled = await settledItems(journey.target);
      const more = thrown.upTo(100);
      await eventually(
        async () => [await settledItems(journey.target), await openEvents(journey.target)] as const,
        {
          until: ([items, open]) => items >= settled + more || open === 0,
          within: 60_000,
          every: 5,
        },
      );
      await alive.shift()?.kill("SIGKILL");
      alive.push(await journey.start("embedder"));
    }
    await drained(journey.target, 120_000);
    expect(kills).toBeGreaterThan(2);
    expect(await unsettledContent(journey.target)).toEqual([]);
    const { billed } = bedrock.bill();
    const paidAgain = billed - (await distinctTexts(journey.target));
    const missing = billed - (await callCount(journey.target));
    remark(
      "measured",
      `${kills} embedders killed, each with up to ${CALLS} calls under way: ${paidAgain} texts paid again, ${missing} of ${billed} calls missing in the ledger`,
    );
    expect(paidAgain).toBeLessThanOrEqual(kills * CALLS);
    expect(missing).toBeGreaterThanOrEqual(0);
    expect(missing).toBeLessThanOrEqual(kills * CALLS);
  });

  it("that are frozen for longer than their claims and calls may last are replaced, and pay again for no more than was under way", async () => {
    await open({ latencyMs: 300 }, SCALE);
    const { target } = journey;
    const [frozen, other] = await Promise.all([
      journey.start("embedder"),
      journey.start("embedder"),
    ]);
    await journey.completed(await journey.begin({ embeddings: true }));
    await eventually(() => settledItems(target), { until: (items) => items > 20, within: 30_000 });
    const over = performance.now() + FROZEN_MS;
    process.kill(frozen.pid, "SIGSTOP");
    try {
      await drained(target);
      await eventually(() => performance.now() > over);
    } finally {
      process.kill(frozen.pid, "SIGCONT");
    }
    const texts = await distinctTexts(target);
    const before = await vectorTimes(target);
    await other.kill();
    await journey.legacy.query(
      `update dispatch_project set name = 'Renamed for the test' where id = (select min(id) from dispatch_project)`,
    );
    await journey.completed(await journey.begin({ embeddings: true }));
    await drained(target); // By the one that was frozen: there is no other.
    const touched = [...(await vectorTimes(target))].filter(([id, at]) => before.get(id) !== at);
    expect(touched).toHaveLength(2);
    const { billed } = bedrock.bill();
    await eventually(() => callCount(target), { until: (calls) => calls === billed });
    const paidAgain = billed - touched.length - texts;
    remark(
      "measured",
      `an embedder frozen with up to ${CALLS} calls under way: ${paidAgain} texts paid again`,
    );
    expect(paidAgain).toBeLessThanOrEqual(CALLS);
    expect(await unsettledContent(target)).toEqual([]);
  });

  it("spend no more than the cap and one call of each worker, and go on when it is raised", async () => {
    await open({ latencyMs: 20 });
    const dollarsPer1k = 1;
    const capUsd = 5;
    const price = { EMBEDDING_USD_PER_1K_TOKENS: String(dollarsPer1k) };
    const capped = { ...price, EMBEDDING_CAP_USD: String(capUsd) };
    const pool = await Promise.all([1, 2].map(() => journey.start("embedder", capped)));
    await journey.completed(await journey.begin({ embeddings: true }));
    await eventually(() => embeddingProgress(journey.target), {
      until: ({ pausedBecause }) => pausedBecause === "money_cap",
      within: 60_000,
    });
    await Promise.all(pool.map((embedder) => embedder.kill("SIGTERM")));
    const { billed, tokens } = bedrock.bill();
    const over = (dollarsPer1k * tokens) / 1_000 - capUsd;
    const dearest = (dollarsPer1k * (await longestText(journey.target))) / 1_000;
    remark(
      "measured",
      `cap $${capUsd}, 2 × ${CALLS} workers: overshot by $${over.toFixed(3)}, a call costs $${dearest.toFixed(3)} at most`,
    );
    expect(over).toBeGreaterThanOrEqual(0);
    expect(over).toBeLessThanOrEqual(pool.length * CALLS * dearest);
    expect(await callCount(journey.target)).toBe(billed);
    await journey.start("embedder", price);
    await drained(journey.target, 90_000);
    expect(await unsettledContent(journey.target)).toEqual([]);
  });
});
