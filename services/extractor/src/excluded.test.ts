import { progressOf } from "@nexus/shared/ledger";
import { freshTarget, runningRun } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { recordExcluded } from "./excluded.ts";

describe("recording what is excluded", () => {
  it("counts it only for an entity that is skipped", async (context) => {
    const target = await freshTarget(context);
    const runId = await runningRun(target, ["practices"]);
    await recordExcluded(target, runId, "practices", 7);
    expect(await progressOf(target, runId)).toMatchObject([{ expected: 0, excluded: 0 }]);
    await target.query("update migration.run_entities set status = 'skipped'");
    await recordExcluded(target, runId, "practices", 7);
    expect(await progressOf(target, runId)).toMatchObject([{ expected: 7, excluded: 7 }]);
  });
});
