/** A rule of the target that many rows break: the entity stops early, before its children open, says why, and goes on when a person says so. */
import { nexusHere } from "@nexus/cli/nexus-here";
import { openClient } from "@nexus/contract";
import { progressOf } from "@nexus/shared/ledger";
import { eventually, stacks } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { startApiHere } from "./api-here.ts";
import { openJourney } from "./journey.ts";
import { exceptionsOf, expectSumsToClose } from "./outcomes.ts";

describe.each(stacks())("an entity whose rows break a rule of the target, on $name", (stack) => {
  it("stops early, keeps its children shut, and goes on when it may lose more", async (context) => {
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
      const { url } = await startApiHere(context, journey.stack);
      const env = { NEXUS_API_URL: url, TARGET_URL: journey.stack.targetUrl };
      const nexus = (line: string) => nexusHere(line.split(" "), env);
      expect((await nexus("status --once")).stdout).toMatch(
        /^profiles: it stopped: \d+ rows were lost for reasons that nobody foresaw, most of them check_violated; .*nexus limit profiles --loss-percent/m,
      );
      expect(JSON.parse((await nexus("doctor --json")).stdout)).toMatchObject({
        healthy: false,
        findings: expect.arrayContaining([
          expect.objectContaining({
            code: "entity_blocked",
            says: expect.stringMatching(/^profiles is blocked, .*, most of them check_violated$/),
            next: expect.stringContaining("nexus limit profiles --loss-percent"),
          }),
        ]),
      });
      expect(await nexus("limit profiles --loss-percent 100 --reason right")).toMatchObject({
        code: 0,
      });
      expectSumsToClose(await journey.completed(runId));
      const { totals } = await openClient({ url }).call("GET /v1/progress");
      const { "rejected check_violated": lost } = await exceptionsOf(journey, runId, "profiles");
      expect(totals.unforeseen).toBe(lost?.length);
      const { stdout } = await nexus("status --once");
      expect(stdout).toContain(
        `of the rejected rows ${lost?.length} for reasons that nobody foresaw, `,
      );
    } finally {
      await journey.close();
    }
  }, 120_000);
});
