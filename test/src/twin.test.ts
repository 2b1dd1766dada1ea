/** The second mapping beside the first: both make the same of the same dirty source. */
import type { Shape } from "@nexus/local/sample";
import { stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Beside, besideTheTwins } from "./beside-the-twin.ts";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";
import { dirtOf } from "./twin-dirt.ts";

const SOURCES: readonly { readonly shape: Shape; readonly seed: number }[] = [
  { shape: "real", seed: 1 },
  { shape: "real", seed: 2 },
  { shape: "reported", seed: 3 },
  { shape: "reported", seed: 4 },
];

const ZONE = "US/Pacific";

describe.each(stacks([embedded]))("the twins on $name", (stack) => {
  const sources =
    stack.name === "embedded" ? SOURCES.filter(({ seed }) => seed % 2 === 1) : SOURCES;
  describe.each(sources)("beside a load of the $shape shape, seed $seed", ({ shape, seed }) => {
    let journey: Journey;
    let beside: Beside;

    beforeAll(async () => {
      journey = await openJourney(stack, {
        sample: { scale: 0.02, shape, seed, dirt: "dangling" },
        env: { LEGACY_TIMEZONE: ZONE },
      });
      await journey.legacy.query(dirtOf(shape));
      const runId = await journey.begin();
      await journey.completed(runId);
      beside = await besideTheTwins(journey, runId, ZONE);
    }, 240_000);
    afterAll(() => journey?.close());

    it("expect every cell, outcome, reason and note", () => {
      expect(beside.differences.slice(0, 40)).toEqual([]);
    });

    it("have met every outcome and a good part of the notes", () => {
      const outcomes = Object.keys(beside.rows).map((row) => row.replace(/^\w+ /, ""));
      expect([...new Set(outcomes)].sort()).toEqual(["loaded", "parked", "rejected"]);
      expect(Object.keys(beside.notes).length).toBeGreaterThan(12);
    });
  });
});
