/** Verification of the documents that a real consumer has put into the stand-in for Dify: what is pending, what is right, and what the ledger says wrongly. */
import { entities } from "@nexus/catalog";
import { type Client, openClient } from "@nexus/contract";
import { difyEnvironment, type DifyServer, startDify } from "@nexus/local/dify";
import { backfill } from "@nexus/shared/ledger";
import { mostReal, stacksWithVectors } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiHere } from "./api-here.ts";
import { filled, wantedDocuments } from "./dify.ts";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";
import { verify } from "./verify.ts";

// Servers where they have pgvector: what is asked of both stacks is the same.
describe.each(mostReal(stacksWithVectors([embedded])))("documents of Dify, on $name", (stack) => {
  let dify: DifyServer;
  let journey: Journey;
  beforeAll(async () => {
    dify = await startDify();
    journey = await openJourney(stack, {
      sample: { scale: 0.004 },
      env: difyEnvironment(dify.url),
    });
  });
  afterAll(async () => {
    await journey?.close();
    await dify?.close();
  });

  it("are no matter of a verification until a run is for Dify; pending then until they are made; right afterwards", async (context) => {
    const { target } = journey;
    const { url } = await startApiHere(context, journey.stack);
    const api = openClient({ url });
    await journey.completed(await journey.begin());
    expect(await verified(api)).toEqual({ said: [], items: 0, pending: 0 });

    await journey.completed(await journey.begin({ dify: true }));
    const before = await verified(api);
    const wanted = (await wantedDocuments(target)).length;
    expect(before).toMatchObject({ said: [], pending: before.items });
    expect(before.items).toBeGreaterThanOrEqual(wanted);
    expect(await refusals(api)).toContain("documents_pending");

    await backfill(target, entities, "missing", { actor: "test", reason: null }, "dify");
    const embedder = await journey.start("embedder");
    await filled(target);
    expect(dify.documents()).toHaveLength(wanted);
    expect(await verified(api)).toEqual({ said: [], items: before.items, pending: 0 });
    expect(await refusals(api)).not.toContain("documents_pending");

    const { rows } = await target.query<{ key: number }>(
      `select min(legacy_project_id)::bigint as key from public.cases where practice_id is not null`,
    );
    await journey.legacy.query(
      `update dispatch_project set name = 'Renamed for the test' where id = ${rows[0]?.key}`,
    );
    await embedder.kill("SIGTERM");
    await journey.completed(await journey.begin({ dify: true }));
    expect(await verified(api)).toMatchObject({ said: [], pending: 2 });
    await journey.start("embedder");
    await filled(target);
    expect(await verified(api)).toMatchObject({ said: [], pending: 0 });

    const some = (type: string) =>
      `content_id = (select content_id from migration.dify_documents where content_type = '${type}' and document_id is not null order by content_id limit 1)`;
    await target.query(
      `update migration.dify_documents set document_id = null, sha256 = null where ${some("case")};
       update migration.dify_documents set sha256 = repeat('0', 64) where ${some("case_state")};
       update migration.dify_documents d set dataset_id = (select dataset_id from migration.dify_datasets s where s.dataset_id <> d.dataset_id order by 1 limit 1)
         where ${some("project")};
       update migration.dify_documents set content_id = gen_random_uuid() where ${some("workflow_template")}`,
    );
    expect((await verified(api)).said.toSorted()).toEqual([
      "case_states document stale_document",
      "cases document missing_document",
      "projects document wrong_practice",
      "workflow_templates document of extra_document",
    ]);
  });
});

async function refusals(api: Client): Promise<string[]> {
  const { evidence } = await api.call("POST /v1/evidence", { body: {} });
  return evidence.refusals.map(({ code }) => code);
}

/** What is said of documents, as `entity column kind`; rows that were looked at for them, and how many are pending. */
async function verified(api: Client) {
  const { id, entities: seen } = await verify(api);
  const { items } = await api.call("GET /v1/verifications/:id/differences", {
    params: { id: String(id) },
  });
  const sum = (what: "items" | "pending"): number =>
    seen.reduce((total, { documents }) => total + (documents?.[what] ?? 0), 0);
  const column = /^document( of)?/;
  return {
    said: items.flatMap((one) => {
      const [word] = column.exec(one.column ?? "") ?? [];
      return word === undefined ? [] : [`${one.entity} ${word} ${one.kind}`];
    }),
    items: sum("items"),
    pending: sum("pending"),
  };
}
