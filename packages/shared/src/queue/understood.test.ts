import { beforeEach, describe, expect, it } from "vitest";
import {
  contentJob,
  newContentJob,
  JOB_VERSION,
  loadJob,
  type LoadJob,
  newLoadJob,
} from "./job.ts";
import type { Handler } from "./transport.ts";
import { understood } from "./understood.ts";

const job: LoadJob = { runId: 1, entity: "cases", batch: 2, generation: 1, from: 0, to: 9 };

let done: LoadJob[];
let warnings: unknown[];
let load: Handler;
beforeEach(() => {
  done = [];
  warnings = [];
  const log = { warn: (facts: unknown) => void warnings.push(facts) };
  load = understood(loadJob, log, async (one) => {
    done.push(one);
    return { kind: "done" };
  });
});

const { signal } = new AbortController();

describe("a job", () => {
  it("says its version, and is read as it was offered", async () => {
    const { data } = newLoadJob(job);
    expect(data).toEqual({ ...job, version: JOB_VERSION });
    expect(await load(data, signal)).toEqual({ kind: "done" });
    expect(done).toEqual([job]);
    const page = { eventId: 1, offset: 50 };
    expect(contentJob.parse(newContentJob(page).data)).toEqual(page);
  });

  it("of before there were versions is done", async () => {
    expect(await load(job, signal)).toEqual({ kind: "done" });
  });

  it("with an unknown member is done, and the member is ignored", async () => {
    await load({ ...newLoadJob(job).data, later: "added" }, signal);
    expect(done).toEqual([job]);
  });

  it("of a newer version comes back later, whatever it says, with one warning", async () => {
    const newer = { version: JOB_VERSION + 1, of: "another shape" };
    for (const _ of [1, 2]) expect(await load(newer, signal)).toEqual({ kind: "later", ms: 1_000 });
    expect(done).toEqual([]);
    expect(warnings).toEqual([{ version: JOB_VERSION + 1, known: JOB_VERSION }]);
  });

  it("that lacks its members is refused", async () => {
    await expect(load({ batch: 2 }, signal)).rejects.toThrow("runId");
    expect(warnings).toEqual([{ members: ["runId", "entity", "generation", "from", "to"] }]);
  });
});
