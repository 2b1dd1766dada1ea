/** After people have changed rows of every table, a delta leaves nothing for a full run to write: on every stack, in both shapes of the source. */
import type { Shape } from "@nexus/local/sample";
import type { EntityProgress } from "@nexus/shared/ledger";
import { stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readWhole, sum } from "./after-delta.ts";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";
import { busySource } from "./live-source/busy-source.ts";
import { expectSumsToClose } from "./outcomes.ts";

describe.each(stacks([embedded]))("a delta on $name", (stack) => {
  describe.each<Shape>(["real", "reported"])("of the %s shape", (shape) => {
    let journey: Journey;

    beforeAll(async () => {
      const sample = { scale: 0.01, shape };
      journey = await openJourney(stack, { sample, env: { BATCH_ROWS: "40" } });
      await journey.completed(await journey.begin());
    });
    afterAll(() => journey?.close());

    const run = async (mode: "full" | "delta"): Promise<readonly EntityProgress[]> => {
      const found = await journey.completed(await journey.begin({ mode }));
      expectSumsToClose(found);
      return found;
    };

    it("of a source at rest reads nothing", async () => {
      const found = await run("delta");
      expect([sum(found, "read"), readWhole(found)]).toEqual([0, {}]);
    });

    it.each([1, 2])("of a source where people worked (%d)", async (seed) => {
      const people = busySource(journey.legacy, shape, seed);
      for (let n = 0; n < 50; n++) await people.write();
      const found = await run("delta");
      expect(sum(found, "inserted") + sum(found, "updated")).toBeGreaterThan(0);
      expect(readWhole(found)).toEqual({});
      const full = await run("full");
      const written = full.filter(({ inserted, updated }) => inserted + updated > 0);
      expect(written.map(({ entity }) => entity)).toEqual([]);
      expect(sum(full, "read")).toBe(sum(found, "read") + sum(found, "unchanged"));
    });
  });
});
