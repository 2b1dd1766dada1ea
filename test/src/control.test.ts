/** Operators intervene through the API while two extractors and three loaders work. */
import { counts } from "@nexus/local/sample";
import { eventually, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Journey, openJourney } from "./journey.ts";

const scale = 0.03;

describe.each(stacks())("control in the middle of a run, on $name", (stack) => {
  let journey: Journey;
  let api: string;
  beforeAll(async () => {
    journey = await openJourney(stack, {
      sample: { scale },
      env: { BATCH_ROWS: "20", HIGH_WATER: "30", API_PORT: "0" },
      extractors: 2,
      loaders: 3,
    });
    const service = await journey.start("api");
    const { port } = z
      .object({ port: z.number() })
      .parse(await service.waitForLine({ msg: "ready" }));
    api = `http://127.0.0.1:${port}`;
  });
  afterAll(() => journey.close());

  it("applies nothing of a cancelled run any more, and the next run completes it", async () => {
    const runId = await start();
    await batchesDone(runId, 20);
    expect(await post(`/v1/runs/${runId}/cancel`)).toMatchObject({ status: "cancelled" });
    const left = await batches(runId);
    expect(left).toEqual({ done: left.done, cancelled: left.cancelled });

    await complete(await start());
    expect(await batches(runId), "nothing moved after the cancel").toEqual(left);
    await everythingIsThere();
  });

  it("loses nothing when paused, resumed and requeued again and again", async () => {
    const runId = await start();
    for (let round = 1; round <= 4; round++) {
      await batchesDone(runId, 15 * round);
      await eventually(() => allDone(runId, "practices")); // Only what was done can be requeued once more.
      expect(await post(`/v1/runs/${runId}/pause`)).toMatchObject({ status: "paused" });
      const paused = await batches(runId);
      expect(paused["queued"], "nothing is on offer in a paused run").toBeUndefined();
      expect(await post("/v1/entities/practices/requeue", { scope: "all" })).toMatchObject({
        runId,
      });
      expect((await batches(runId))["queued"]).toBeUndefined();
      expect(await post(`/v1/runs/${runId}/resume`)).toMatchObject({ status: "running" });
    }
    await complete(runId);
    await everythingIsThere();
  });

  async function start(): Promise<number> {
    return z.object({ runId: z.number() }).parse(await post("/v1/runs", { embeddings: false }))
      .runId;
  }

  async function post(path: string, body: object = {}): Promise<unknown> {
    const headers = { "content-type": "application/json" };
    const response = await fetch(api + path, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    const answer: unknown = await response.json();
    expect(response.status, JSON.stringify(answer)).toBeLessThan(300);
    return answer;
  }

  async function batches(runId: number): Promise<Record<string, number>> {
    const { rows } = await journey.target.query<{ status: string; count: number }>(
      `select status, count(*) from migration.batches where run_id = $1 group by 1 order by 1`,
      [runId],
    );
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  }

  async function batchesDone(runId: number, wanted: number): Promise<void> {
    await eventually(async () => (await batches(runId))["done"] ?? 0, {
      until: (done) => done >= wanted,
    });
  }

  async function allDone(runId: number, entity: string): Promise<boolean> {
    const { rows } = await journey.target.query<{ done: boolean }>(
      `select bool_and(status = 'done') as done from migration.batches where run_id = $1 and entity = $2`,
      [runId, entity],
    );
    return rows[0]?.done === true;
  }

  async function complete(runId: number): Promise<void> {
    for (const one of await journey.completed(runId)) {
      expect(one.status, one.entity).toBe("complete");
      expect(one.loaded + one.rejected + one.parked, one.entity).toBe(one.expected);
    }
    expect(Object.keys(await batches(runId))).toEqual(["done"]);
  }

  async function everythingIsThere(): Promise<void> {
    const { rows } = await journey.target.query<{ cases: number; projects: number }>(
      `select (select count(*) from public.cases) as cases, (select count(*) from public.projects) as projects`,
    );
    expect(rows[0]).toEqual({ cases: counts(scale).projects, projects: counts(scale).projects });
  }
});
