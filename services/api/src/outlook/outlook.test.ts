import type { Eta, Limit } from "@nexus/contract";
import { remark } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { embeddingOutlook } from "./embedding.ts";
import { estimate } from "./estimate.ts";
import { evidenceOf } from "./evidence.ts";
import { limitOf, type Situation } from "./limits.ts";
import { simulateRun } from "./simulated-run.fixture.ts";

interface Told {
  readonly left: number;
  readonly eta: Eta;
}

describe("the estimate of a run, at a tenth of its work", () => {
  const told = Array.from({ length: 50 }, (_, seed) => {
    const { left, counts, pace } = simulateRun(seed);
    const eta = estimate(evidenceOf(counts, pace));
    if (eta === null) throw new Error(`seed ${seed} has no estimate`);
    return { left, eta };
  });

  const accuracyOf = (told: readonly Told[]) => {
    const errors = told
      .map(({ left, eta }) => Math.abs(eta.seconds / left - 1))
      .toSorted((a, b) => a - b);
    return {
      median: errors[Math.floor(told.length / 2)] ?? 1,
      held:
        told.filter(({ left, eta }) => eta.earliest <= left && left <= eta.latest).length /
        told.length,
      width: told.reduce((sum, { eta }) => sum + eta.latest / eta.earliest, 0) / told.length,
    };
  };

  it.each([
    ["all", told],
    ["the first runs", told.filter((_, seed) => seed % 2 === 1)],
  ] as const)(
    "is within 20 percent in the median, and its interval holds in three of four: %s",
    (which, some) => {
      const { median, held, width } = accuracyOf(some);
      const percent = (share: number) => `${Math.round(100 * share)} %`;
      remark(
        "measured",
        `ETA at 10 % of ${which} of 50 simulated runs: median error ${percent(median)}, interval held in ${percent(held)}, ${width.toFixed(2)} wide`,
      );
      expect(median).toBeLessThanOrEqual(0.2);
      expect(held).toBeGreaterThanOrEqual(0.75);
      expect(width, "an interval that always holds says nothing").toBeLessThan(3);
    },
  );

  it("is not told without a pace, and is nothing when nothing is left", () => {
    const evidence = {
      left: 10,
      guessed: 0,
      done: 10,
      seconds: 10,
      slices: [0, 0],
      sliceSeconds: 5,
    };
    expect(estimate(evidence)).toBeNull();
    expect(estimate({ ...evidence, slices: [1, 1], done: 0 })).toBeNull();
    expect(estimate({ ...evidence, left: 0 })).toEqual({ seconds: 0, earliest: 0, latest: 0 });
    expect(estimate({ ...evidence, slices: [1, 1] })).toMatchObject({ seconds: 10 });
  });

  it("is wider the more of the work is a guess, and the more the pace varies", () => {
    const evidence = {
      left: 100,
      guessed: 0,
      done: 100,
      seconds: 100,
      slices: [1, 1, 1, 1],
      sliceSeconds: 5,
    };
    const width = (more: object) => {
      const { earliest, latest } = estimate({ ...evidence, ...more }) ?? { earliest: 1, latest: 0 };
      return latest / earliest;
    };
    expect(width({ guessed: 1 })).toBeGreaterThan(width({ guessed: 0.5 }));
    expect(width({ slices: [0.2, 1.8, 0.2, 1.8] })).toBeGreaterThan(width({}));
  });
});

/** As the doctor names what limits. */
function codeOf(limit: Limit | null): string | undefined {
  return limit === null ? undefined : `limited_by_${limit.by}`;
}

describe("what limits a run", () => {
  const calm: Situation = {
    run: "running",
    entities: [],
    queued: 5,
    planned: true,
    finished: 9,
    sourceShare: 0.2,
    holds: [],
    seconds: 90,
  };
  const entity = (
    entity: string,
    status: Situation["entities"][number]["status"],
    waitingFor: string[] = [],
  ) => ({
    entity,
    status,
    waived: false,
    waitingFor,
  });
  const loading = [entity("patients", "loading")];

  it.each<[string | undefined, Partial<Situation>]>([
    ["limited_by_operator", { run: "paused" }],
    ["limited_by_queue_empty", { run: "planned" }],
    ["limited_by_target", { entities: loading }],
    ["limited_by_source", { entities: loading, sourceShare: 0.7 }],
    ["limited_by_queue_empty", { entities: loading, queued: 0 }],
    ["limited_by_no_loader", { entities: loading, finished: 0 }],
    ["limited_by_queue_empty", { entities: loading, finished: 0, queued: 0 }],
    [undefined, { entities: loading, finished: 0, seconds: 3 }],
    ["limited_by_target", { entities: [entity("patients", "settling")] }],
    ["limited_by_source", { entities: [entity("patients", "planning")] }],
    [undefined, { entities: [entity("patients", "complete")] }],
    [undefined, { run: "completed" }],
  ])("is %s in %j", (code, more) => {
    expect(codeOf(limitOf({ ...calm, ...more }))).toBe(code);
  });

  it("is a server that refuses, with its error in words", () => {
    const holds = [{ server: "source", code: "53300", seconds: 12 }] as const;
    for (const run of ["planned", "running"] as const)
      expect(limitOf({ ...calm, run, entities: loading, holds })).toMatchObject({
        by: "source",
        says: expect.stringMatching(
          /^the source holds the run up, for 12 s so far: it has no connection left for us: .* \(53300\): .*goes on by itself/,
        ),
      });
    expect(limitOf({ ...calm, run: "paused", holds })?.by).toBe("operator");
  });

  it("is a table that is locked, which holds up only a part", () => {
    const holds = [{ server: "source", code: "55P03", seconds: 12 }] as const;
    expect(limitOf({ ...calm, entities: loading, holds })?.says).toMatch(
      /^the source holds a part of the run up, for 12 s so far: it gives a lock .* \(55P03\): .*, and that part goes on by itself/,
    );
    const all = { server: "target", code: "53100", seconds: 9 } as const;
    expect(limitOf({ ...calm, entities: loading, holds: [...holds, all] })?.says).toMatch(
      /^the target holds the run up, for 9 s so far/,
    );
  });

  it("is a source that is spared, with how fast it answers", () => {
    const spared = { ms: 900, limitMs: 500, seconds: 12 };
    expect(limitOf({ ...calm, entities: loading, spared })).toMatchObject({
      by: "source",
      says: expect.stringMatching(/^the source is spared, for 12 s so far: it answers in 900 ms/),
    });
  });

  it("is a gate, and the parent that is waited for", () => {
    const entities = [entity("profiles", "blocked"), entity("patients", "planned", ["profiles"])];
    const limit = limitOf({ ...calm, entities });
    expect(codeOf(limit)).toBe("limited_by_gate");
    expect(limit).toEqual({
      by: "gate",
      says: "profiles is blocked: requeue or waive it",
      entities: ["profiles"],
    });
  });
});

describe("what limits embedding", () => {
  const slices = Array<number>(12).fill(10);
  const still = { slices: slices.map(() => 0), waitedSeconds: 31 };
  const pace = { open: 1_200, waitedSeconds: 600, slices, pausedBecause: null, throttled: false };

  it("is given together with the time that embedding will take", () => {
    expect(embeddingOutlook(pace)).toMatchObject({
      open: 1_200,
      itemsPerSecond: 1,
      eta: { seconds: 1_200 },
      limitedBy: { by: "provider" },
    });
    expect(embeddingOutlook({ ...pace, open: 0 })).toMatchObject({ eta: null, limitedBy: null });
  });

  it.each([
    ["limited_by_money_cap", { pausedBecause: "money_cap" }],
    ["limited_by_quota", { pausedBecause: "throttled" }],
    ["limited_by_provider", { pausedBecause: "unavailable" }],
    ["limited_by_provider", { pausedBecause: "stopped" }],
    ["limited_by_quota", { throttled: true }],
    ["limited_by_no_embedder", still],
    ["limited_by_quota", { ...still, throttled: true }],
    [undefined, { ...still, waitedSeconds: 29 }],
  ])("is %s for %j", (code, more) => {
    expect(codeOf(embeddingOutlook({ ...pace, ...more }).limitedBy)).toBe(code);
  });

  it("says which run begins a new bill", () => {
    const { limitedBy } = embeddingOutlook({ ...pace, pausedBecause: "money_cap" });
    expect(limitedBy?.says).toMatch(/start a run with embeddings: its bill begins at nothing/);
  });
});
