/** A rule of the target that many rows break: the entity stops early, before its children open, and goes on when a person says so. */
import { limitEntity } from "@nexus/api/control";
import { entities, inDependencyOrder } from "@nexus/catalog";
import { progressOf } from "@nexus/shared/ledger";
import { eventually, stacks } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { openJourney } from "./journey.ts";
import { expectSumsToClose } from "./outcomes.ts";

const NAMES = inDependencyOrder(entities).map(({ name }) => name);

describe.each(stacks())("an entity whose rows break a rule of the target, on $name", (stack) => {
  it("stops early, keeps its children shut, and goes on when it may lose more", async () => {
    const env = { BATCH_ROWS: "10", HIGH_WATER: "2" };
    const journey = await openJourney(stack, { sample: { scale: 0.02 }, env });
    try {
      await journey.target.query(
        "alter table profiles add constraint odd check (legacy_id % 2 = 1)",
      );
      const runId = await journey.begin({ only: ["practices", "profiles", "patients"] });
      const progress = await eventually(() => progressOf(journey.target, runId), {
        until: (all) => all.some(({ status }) => status === "blocked"),
        within: 60_000,
      });
      const [, profiles, patients] = progress;
      expect(profiles).toMatchObject({
        errorCode: "unforeseen_losses",
        lossReason: "check_violated",
      });
      expect(profiles?.batchesDone).toBeLessThan(profiles?.batches ?? 0);
      expect(patients).toMatchObject({ status: "planned", read: 0 });
      const by = { actor: "test", reason: "the rule is right" };
      await limitEntity(journey.target, "profiles", { lossPercent: 100 }, by, NAMES);
      expectSumsToClose(await journey.completed(runId));
    } finally {
      await journey.close();
    }
  }, 120_000);
});
