/** Verification of vectors that the real services made, after runs and on demand: what is pending, what is right, and what was done to them. */
import { entities } from "@nexus/catalog";
import { type Client, openClient } from "@nexus/contract";
import { backfill } from "@nexus/shared/ledger";
import { eventually, mostReal, stacksWithVectors } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiHere } from "./api-here.ts";
import { embedded } from "./embedded-stack.ts";
import { drained } from "./embeddings.ts";
import { type Journey, openJourney } from "./journey.ts";

// Servers where they have pgvector: what is asked of both stacks is the same.
describe.each(mostReal(stacksWithVectors([embedded])))("vectors, on $name", (stack) => {
  let journey: Journey;

  beforeAll(async () => {
    journey = await openJourney(stack, { env: { VERIFY: "after_settle" } });
  });
  afterAll(() => journey?.close());

  it("are pending until they are made, right then, and differ when something is done to them", async (context) => {
    const { target } = journey;
    const { url } = await startApiHere(context, journey.stack);
    const api = openClient({ url });
    await journey.completed(await journey.begin({ embeddings: false }));
    const after = await verifiedAfter(api);
    const before = await verified(api);
    expect(before.said).toEqual([]);
    expect(after).toMatchObject({ differences: 0, pending: before.pending, notVerified: 0 });
    expect(before.pending).toBeGreaterThan(0);
    expect(before.pending).toBeLessThanOrEqual(before.items);

    await backfill(target, entities, "missing", { actor: "test", reason: null });
    expect(await verified(api)).toEqual(before);

    await journey.start("embedder");
    await drained(target);
    expect(await verified(api)).toEqual({ said: [], items: before.items, pending: 0 });

    await journey.legacy.query(
      `update dispatch_project set name = 'Renamed for the test' where id = (select min(id) from dispatch_project)`,
    );
    await journey.completed(await journey.begin({ embeddings: true }));
    expect(await verifiedAfter(api)).toMatchObject({ differences: 0, notVerified: 0 });
    await drained(target);
    expect(await verified(api)).toEqual({ said: [], items: before.items, pending: 0 });

    await target.query(
      `delete from public.ai_embeddings where content_id = (select content_id from public.ai_embeddings where content_type = 'case' order by content_id limit 1);
       update public.ai_embeddings set sha256_hash = repeat('0', 64)
         where content_id = (select content_id from public.ai_embeddings where content_type = 'case_state' order by content_id limit 1);
       update public.ai_embeddings set practice_id = null
         where content_id = (select content_id from public.ai_embeddings where content_type = 'patient' and practice_id is not null order by content_id limit 1);
       update public.ai_embeddings set content_id = gen_random_uuid()
         where content_id = (select content_id from public.ai_embeddings where content_type = 'workflow_template' order by content_id limit 1)`,
    );
    expect((await verified(api)).said).toEqual([
      "patients embedding wrong_practice",
      "cases embedding missing_vector",
      "case_states embedding stale_vector",
      "workflow_templates embedding extra_vector",
      "workflow_templates embedding missing_vector",
    ]);
  });
});

/** What extractors found by themselves after the newest run. */
async function verifiedAfter(api: Client) {
  const { verification } = await eventually(() => api.call("GET /v1/progress", {}), {
    until: (view) => view.verification?.status === "done",
    within: 120_000,
  });
  return verification;
}

interface Verified {
  /** `entity column kind` */
  readonly said: readonly string[];
  readonly items: number;
  readonly pending: number;
}

async function verified(api: Client): Promise<Verified> {
  const { id } = await api.call("POST /v1/verifications", { body: {} });
  const params = { id: String(id) };
  const done = await eventually(() => api.call("GET /v1/verifications/:id", { params }), {
    until: ({ status }) => status !== "open",
    within: 120_000,
  });
  expect(done).toMatchObject({ status: "done", errorCode: null });
  const listed = await api.call("GET /v1/verifications/:id/differences", { params });
  return {
    said: listed.items.map(({ entity, column, kind }) => [entity, column, kind].join(" ")),
    items: done.entities.reduce((sum, { vectors }) => sum + (vectors?.items ?? 0), 0),
    pending: done.pending,
  };
}
