/**
 * The second mapping beside the first: both make the same of the same dirty source, cell by cell; a forecast says what the run then does, and a
 * verification of what it did finds nothing. `PROOF_SOURCES=20` (`npm run proof`) takes so many sources;
 * `PROOF_SOURCES_SCALE` makes them larger than 0.02 on servers (at 1 each takes minutes).
 */
import type { Shape } from "@nexus/local/sample";
import { stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Beside, besideTheTwins } from "./beside-the-twin.ts";
import { embedded } from "./embedded-stack.ts";
import { type Account, accountOf, differencesOf, forecastOf } from "./forecast-and-run.ts";
import { type Journey, openJourney } from "./journey.ts";
import { dirtOf } from "./twin-dirt.ts";

interface Source {
  readonly shape: Shape;
  readonly seed: number;
}

/** Both shapes in turn. The embedded stack is slower, and takes one of the other shape, or of each. */
const COUNT = Number(process.env["PROOF_SOURCES"] ?? "2");
const SOURCES: Readonly<Record<string, readonly Source[]>> = {
  servers: sources(1, COUNT),
  embedded: sources(101, COUNT > 2 ? 2 : 1),
};

function sources(from: number, count: number): Source[] {
  return Array.from({ length: count }, (_, n) => ({
    shape: n % 2 === 0 ? "real" : "reported",
    seed: from + n,
  }));
}

const ZONE = "US/Pacific";

/** The embedded stack is not made for more. */
const SMALL = 0.02;
const SCALE = Number(process.env["PROOF_SOURCES_SCALE"] ?? SMALL);

/** What all sources of this file had. */
const met = new Set<string>();

describe.each(stacks([embedded]))("the twins on $name", (stack) => {
  describe.each(SOURCES[stack.name] ?? [])("beside $shape source $seed", ({ shape, seed }) => {
    let journey: Journey;
    let forecast: Account;
    let account: Account;
    let found: readonly string[];
    let beside: Beside;

    beforeAll(async () => {
      const extensions = stack.name === "servers";
      journey = await openJourney(stack, {
        sample: { scale: extensions ? SCALE : SMALL, shape, seed, dirt: "dangling" },
        env: { LEGACY_TIMEZONE: ZONE },
        run: { lossPercent: 100 },
      });
      await journey.legacy.query(dirtOf({ shape, seed, extensions }));
      forecast = await forecastOf(journey);
      const runId = await journey.begin();
      account = await accountOf(journey, runId, await journey.completed(runId));
      found = await differencesOf(journey);
      beside = await besideTheTwins(journey, runId, ZONE);
      for (const what of Object.keys(account)) met.add(what.replace(/^\w+ /, ""));
    });
    afterAll(() => journey?.close());

    it("expect every cell, outcome, reason and note", () => {
      expect(beside.differences.slice(0, 40)).toEqual([]);
    });

    it("forecast what the run does, by entity and reason", () => {
      expect(forecast).toEqual(account);
    });

    it("find nothing to report of what the run did", () => {
      expect(found.slice(0, 40)).toEqual([]);
    });
  });

  it("have met every outcome and a good part of reasons and notes", () => {
    expect([...met]).toEqual(expect.arrayContaining(["loaded", "rejected", "parked"]));
    expect([...met].filter((what) => what.startsWith("rejected ")).length).toBeGreaterThan(2);
    expect([...met].filter((what) => what.startsWith("note ")).length).toBeGreaterThan(15);
  });
});
