import { loadJob, newLoadJob, understood } from "@nexus/shared/queue";
import type { Pool } from "@nexus/shared/database";
import { openLog } from "@nexus/shared/telemetry";
import { freshTarget, seedRun } from "@nexus/shared/testing";
import { beforeEach, expect, it } from "vitest";
import { refuseJob } from "./refuse-job.ts";

let target: Pool;
let runId: number;

beforeEach(async (context) => {
  target = await freshTarget(context);
  runId = await seedRun(target, {
    status: "running",
    entities: { practices: { status: "loading", batches: [{ status: "queued" }] } },
  });
});

async function handle(more: object): Promise<unknown> {
  const log = openLog("test");
  log.level = "silent";
  const work = () => Promise.reject(new Error("it was taken for a job"));
  const load = understood(loadJob, log, work, (data) => refuseJob({ target, log }, data));
  const { data } = newLoadJob({
    runId,
    entity: "practices",
    batch: 1,
    generation: 1,
    from: 0,
    to: 9,
  });
  return await load({ ...data, ...more }, AbortSignal.timeout(10_000));
}

async function batch(): Promise<unknown> {
  return (await target.query("select status, error_code from migration.batches")).rows[0];
}

it.each([
  ["without an entity", { entity: undefined }],
  ["with a range that is none", { to: { key: 1 } }],
  ["with a version that is none", { version: "first" }],
])("a job %s fails its batch, with a code", async (_, more) => {
  expect(await handle(more)).toEqual({ kind: "done" });
  expect(await batch()).toEqual({ status: "failed", error_code: "job_malformed" });
});

it.each([
  ["that names no batch", { batch: "1" }],
  ["of an older generation", { generation: 0, entity: 1 }],
])("a job %s leaves every batch as it is", async (_, more) => {
  expect(await handle(more)).toEqual({ kind: "done" });
  expect(await batch()).toEqual({ status: "queued", error_code: null });
});
