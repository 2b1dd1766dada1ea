import { embeddingProgress } from "@nexus/shared/ledger";
import { eventually } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { tendVectors } from "./drained.ts";
import { type EmbedderUnderTest, embedderUnderTest } from "./embedder.fixture.ts";

let embedder: EmbedderUnderTest;

beforeEach(async (context) => {
  embedder = await embedderUnderTest(context);
});

describe("the vectors, when nothing is left to embed", () => {
  it("get an index, which is built again where an interruption left it invalid", async () => {
    await embedder.embed("case", [await embedder.newCase("Upper arch")]);
    await tend();
    expect(await index()).toMatchObject({ valid: true });
    await embedder.target.query(
      `update pg_index set indisvalid = false where indexrelid = 'public.ai_embeddings_hnsw_0'::regclass`,
    );
    const before = await index();
    await tend();
    const after = await index();
    expect(after?.valid).toBe(true);
    expect(after?.oid).not.toBe(before?.oid);
  });

  it("show their index while it is built", async () => {
    const { target } = embedder;
    await embedder.embed("case", [await embedder.newCase("Upper arch")]);
    const writer = await target.connect();
    await writer.query("begin; update public.ai_embeddings set updated_at = now()");
    const built = tend();
    const progress = () => embeddingProgress(target);
    await eventually(progress, { until: ({ status }) => status === "indexing" });
    expect((await progress()).index).toEqual({ state: "building", percent: expect.any(Number) });
    await writer.query("commit");
    writer.release();
    await built;
    expect(await progress()).toMatchObject({
      status: "idle",
      index: { state: "ready", percent: null },
    });
  });

  it("get no index while something is open", async () => {
    const id = await embedder.newCase("Upper arch");
    await embedder.embed("case", [id]);
    await embedder.offer("case", [id]);
    await tend();
    expect(await index()).toBeUndefined();
  });

  it("lose those whose content is gone without a trace, and texts that nobody has", async () => {
    await embedder.embed("case", [
      await embedder.newCase("Upper arch"),
      await embedder.newCase("Lower arch"),
    ]);
    await embedder.target.query(`truncate public.cases cascade`);
    await embedder.target.query(
      `update migration.embedding_texts set embedded_at = now() - interval '2 hours'`,
    );
    await tend();
    const { rows } = await embedder.target.query(
      `select (select count(*) from public.ai_embeddings) as vectors, (select count(*) from migration.embedding_texts) as texts,
         (select count(*) from migration.embedding_items) as items`,
    );
    expect(rows).toEqual([{ vectors: 0, texts: 0, items: 0 }]);
  });
});

async function tend(): Promise<void> {
  const { target, deps } = embedder;
  await tendVectors(
    { target, log: deps.log, memoryMb: 64 },
    { upTo: -1 },
    new AbortController().signal,
  );
}

async function index(): Promise<{ oid: number; valid: boolean } | undefined> {
  const { rows } = await embedder.target.query<{ oid: number; valid: boolean }>(
    `select indexrelid::oid as oid, indisvalid as valid from pg_index where indexrelid = to_regclass('public.ai_embeddings_hnsw_0')`,
  );
  return rows[0];
}
