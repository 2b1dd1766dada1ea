/** What a run has written is not forgotten where a batch is done a second time, and finds its rows equal. */
import { finishBatch, planNextGeneration } from "@nexus/shared/ledger";
import { seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import type { Deps } from "../deps.ts";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { deltaStep } from "./delta.ts";
import { backupStep } from "./look.ts";
import { walkOfPractices } from "./walk.fixture.ts";

const COUNTS = { read: 10, loaded: 10, inserted: 0, updated: 0, rejected: 0, parked: 0, noted: 0 };

let deps: Deps;
let runId: number;

/** A run of practices that has updated five rows, in a batch that was planned again since. */
beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  const { target } = deps;
  runId = await seedRun(target, {
    status: "running",
    entities: { practices: { status: "loading", batches: [{ status: "queued" }] } },
  });
  const batch = await batchOf();
  await finishBatch(target, batch, { ...COUNTS, updated: 5 }, 1);
  await planNextGeneration(target, { sql: "b.id = $1", values: [batch] });
});

describe.each(["done", "failed"])("a batch that is %s when it was tried again", (status) => {
  beforeEach(async () => {
    const { target } = deps;
    if (status === "done") await finishBatch(target, await batchOf(), COUNTS, 1);
    await target.query("update migration.batches set status = $1", [status]);
    await target.query("update migration.run_entities set status = 'complete'");
    await target.query("update migration.runs set status = 'completed', finished_at = now()");
  });

  it("has changed what it had changed before: its delta is not empty", async () => {
    const facts = JSON.stringify({ runs: [runId - 1, runId], changed: [7] });
    expect(await deltaStep(walkOfPractices(deps, "delta", facts))).toMatchObject({
      status: "not_met",
      code: "delta_not_empty",
      facts: { changed: [7, 5] },
    });
  });

  it("makes a backup that was taken before it too old", async () => {
    await deps.target.query(
      `insert into migration.backups (run_id, entity, tables, status, claimed_until, kept_by, file, bytes, sha256)
       values ($1, 'practices', 'practices', 'done', '-infinity', 'folder', '/backups/one', 1, 'a')`,
      [runId],
    );
    const steps = walkOfPractices(deps, "delta", "{}");
    expect(await backupStep(steps)).toMatchObject({
      status: "not_met",
      facts: { entities: ["practices"] },
    });
  });
});

async function batchOf(): Promise<number> {
  const { rows } = await deps.target.query<{ id: number }>("select id from migration.batches");
  return rows[0]?.id ?? 0;
}
