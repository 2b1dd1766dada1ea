import { entities } from "@nexus/catalog";
import type { Queryable } from "@nexus/shared/database";
import { EmbeddingFailure } from "@nexus/shared/embedding";
import { backfill } from "@nexus/shared/ledger";
import { eventually } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { type EmbedderUnderTest, embedderUnderTest } from "./embedder.fixture.ts";

let embedder: EmbedderUnderTest;

beforeEach(async (context) => {
  embedder = await embedderUnderTest(context);
});

describe("a page of content", () => {
  it("costs one call for equal texts of one practice, and one more in another", async () => {
    const [first, second] = [await embedder.practice("a"), await embedder.practice("b")];
    const ids = [
      await embedder.newCase("Upper arch", first),
      await embedder.newCase("Upper arch", first),
      await embedder.newCase("Upper arch", second),
      await embedder.newCase("Upper arch", null),
    ];
    await embedder.embed("case", ids);
    expect(embedder.calls).toHaveLength(3);
    const practices = await Promise.all(
      ids.map(async (id) => (await embedder.vectorsOf(id))[0]?.practice),
    );
    expect(practices).toEqual([first, first, second, null]);
  });

  it("costs nothing when nothing has changed, and one call for the row that has", async () => {
    const ids = [await embedder.newCase("Upper arch"), await embedder.newCase("Lower arch")];
    await embedder.embed("case", ids);
    await embedder.embed("case", ids);
    expect(embedder.calls).toHaveLength(2);
    const before = await embedder.vectorsOf(ids[0] ?? "");
    await embedder.target.query(`update public.cases set title = 'Both arches' where id = $1`, [
      ids[0],
    ]);
    await embedder.embed("case", ids);
    expect(embedder.calls.slice(2)).toEqual([expect.stringContaining("Both arches")]);
    expect(await embedder.vectorsOf(ids[0] ?? "")).not.toEqual(before);
  });

  it("marks a row that has nothing to say as empty, and takes away the vectors that it had", async () => {
    const id = await embedder.newCase("Upper arch");
    await embedder.embed("case", [id]);
    await embedder.target.query(`update public.cases set title = 'Case 12' where id = $1`, [id]);
    await embedder.embed("case", [id]);
    expect(await embedder.vectorsOf(id)).toEqual([]);
    const { rows } = await embedder.target.query(
      `select content_id, chunks from migration.embedding_items`,
    );
    expect(rows).toEqual([{ content_id: id, chunks: 0 }]);
  });

  it("cuts a long text, and drops the surplus when it gets shorter", async () => {
    const words = (many: number): string => "A crown on the left.\n\n".repeat(many);
    const id = await embedder.newCase(words(4_000));
    await embedder.embed("case", [id]);
    expect(await embedder.vectorsOf(id)).toHaveLength(4);
    await embedder.target.query(`update public.cases set title = $2 where id = $1`, [
      id,
      words(1_500),
    ]);
    await embedder.embed("case", [id]);
    expect(await embedder.vectorsOf(id)).toHaveLength(2);
  });

  it("passes over rows that are gone", async () => {
    await embedder.embed("case", ["00000000-0000-4000-8000-000000000000"]);
  });
});

describe("a row that changes while its text is embedded", () => {
  it("never keeps the old vector", async () => {
    const id = await embedder.newCase("Old title");
    embedder.before = async (text) => {
      if (text.includes("Old"))
        await embedder.target.query(`update public.cases set title = 'New title'`);
    };
    await embedder.embed("case", [id]);
    expect(embedder.calls).toEqual([
      expect.stringContaining("Old"),
      expect.stringContaining("New"),
    ]);
    const { rows } = await embedder.target.query(
      `select a.sha256_hash = t.sha256 as newest from public.ai_embeddings a, migration.embedding_texts t order by t.id`,
    );
    expect(rows).toEqual([{ newest: false }, { newest: true }]);
  });

  it("takes its vectors along to another practice, at no call", async () => {
    const [first, second] = [await embedder.practice("a"), await embedder.practice("b")];
    const id = await embedder.newCase("Upper arch", first);
    await embedder.embed("case", [id]);
    await embedder.target.query(`update public.cases set practice_id = $1`, [second]);
    expect(await embedder.vectorsOf(id)).toEqual([expect.objectContaining({ practice: second })]);
    await embedder.embed("case", [id]);
    expect(embedder.calls).toHaveLength(1);
  });

  it("takes the vectors of its projects along, and a later look finds them right: no call, and their version is noted", async () => {
    const [first, second] = [await embedder.practice("a"), await embedder.practice("b")];
    const caseId = await embedder.newCase("Upper arch", first);
    const { target } = embedder;
    const { rows } = await target.query<{ id: string }>(
      `insert into public.projects (case_id, practice_id, name) values ($1, $2, 'Night guard') returning id`,
      [caseId, first],
    );
    const id = rows[0]?.id ?? "";
    await embedder.embed("project", [id]);
    await target.query(`update public.cases set practice_id = $1`, [second]);
    expect(await embedder.vectorsOf(id)).toEqual([expect.objectContaining({ practice: second })]);
    expect(await openEvents(target), "the move offers nothing").toBe(0);
    const by = { actor: "test", reason: null };
    const projects = entities.filter(({ content }) => content === "project");
    expect(await backfill(target, projects, "missing", by)).toMatchObject({ items: 1 });
    await eventually(() => embedder.work());
    expect(embedder.calls).toHaveLength(1);
    expect(await backfill(target, projects, "missing", by)).toMatchObject({ items: 0 });
  });

  it("gets the vector of its new practice when its case moves meanwhile", async () => {
    const [first, second] = [await embedder.practice("a"), await embedder.practice("b")];
    const caseId = await embedder.newCase("Upper arch", first);
    const { target } = embedder;
    const { rows } = await target.query<{ id: string }>(
      `insert into public.projects (case_id, practice_id, name) values ($1, $2, 'Night guard') returning id`,
      [caseId, first],
    );
    const id = rows[0]?.id ?? "";
    embedder.before = async () => {
      if (embedder.calls.length === 1)
        await target.query(`update public.cases set practice_id = $1`, [second]);
    };
    await embedder.embed("project", [id]);
    expect(await embedder.vectorsOf(id)).toEqual([expect.objectContaining({ practice: second })]);
  });

  it("loses its vectors when it is deleted, even meanwhile", async () => {
    const [kept, gone] = [await embedder.newCase("Kept"), await embedder.newCase("Gone")];
    embedder.before = async (text) => {
      if (text.includes("Gone"))
        await embedder.target.query(`delete from public.cases where id = $1`, [gone]);
    };
    await embedder.embed("case", [kept, gone]);
    expect(await embedder.vectorsOf(gone)).toEqual([]);
    await embedder.target.query(`delete from public.cases`);
    expect(await embedder.vectorsOf(kept)).toEqual([]);
  });

  it("is not waited for while somebody writes it, and holds nobody up who does", async () => {
    const id = await embedder.newCase("Old title");
    const writer = await embedder.target.connect();
    await writer.query(`begin; update public.cases set title = 'New title'`);
    await embedder.offer("case", [id]);
    expect(await embedder.work()).toBe(false);
    await writer.query("commit");
    writer.release();
    expect(await embedder.work()).toBe(true);
    expect(await embedder.vectorsOf(id)).toHaveLength(1);
  });
});

describe("a text that cannot be embedded", () => {
  it("fails alone, by its code, and is not called for again", async () => {
    const ids = [
      await embedder.newCase("Fine"),
      await embedder.newCase("Poison"),
      await embedder.newCase("Poison"),
    ];
    embedder.before = (text) => {
      if (text.includes("Poison")) throw new EmbeddingFailure("item", "TooManyTokens");
    };
    await embedder.embed("case", ids);
    expect(embedder.calls).toHaveLength(2);
    const { rows } = await embedder.target.query(
      `select content_type, code from migration.embedding_failures`,
    );
    const failure = { content_type: "case", code: "TooManyTokens" };
    expect(rows).toEqual([failure, failure]);
  });

  it("is cut smaller when the model refuses it as too long, until it takes it, and once only", async () => {
    const id = await embedder.newCase(
      Array.from({ length: 300 }, (_, tooth) => `crown ${tooth}`).join(" "),
    );
    embedder.before = (text) => {
      if (text.length > 1_000)
        throw new EmbeddingFailure("item", "ValidationException", null, true);
    };
    await embedder.embed("case", [id]);
    const vectors = await embedder.vectorsOf(id);
    expect(vectors).toHaveLength(4);
    const calls = embedder.calls.length;
    expect(calls, "one refused, two refused, four taken").toBe(7);
    await embedder.embed("case", [id]);
    expect(embedder.calls).toHaveLength(calls);
    expect(await embedder.vectorsOf(id)).toEqual(vectors);
    expect((await embedder.target.query(`select from migration.embedding_failures`)).rowCount).toBe(
      0,
    );
  });

  it("is given up after five attempts, if the provider answers others", async () => {
    const ids = [await embedder.newCase("Fine"), await embedder.newCase("Poison")];
    embedder.before = (text) => {
      if (text.includes("Poison")) throw new EmbeddingFailure("retry", "InternalServerException");
    };
    await embedder.embed("case", ids);
    expect(embedder.calls.filter((text) => text.includes("Poison"))).toHaveLength(5);
    const { rows } = await embedder.target.query(`select code from migration.embedding_failures`);
    expect(rows).toEqual([{ code: "InternalServerException" }]);
  });

  it("is not given up while the provider answers nobody", async () => {
    const id = await embedder.newCase("Fine");
    let down = true;
    embedder.before = () => {
      if (down) throw new EmbeddingFailure("retry", "ECONNREFUSED");
    };
    await embedder.offer("case", [id]);
    await eventually(async () => !(await embedder.work()) && embedder.calls.length >= 12);
    down = false;
    await eventually(() => embedder.work(), { within: 30_000 });
    expect(await embedder.vectorsOf(id)).toHaveLength(1);
  });
});

async function openEvents(target: Queryable): Promise<number> {
  const { rowCount } = await target.query(
    "select from migration.content_events where done_at is null",
  );
  return rowCount ?? 0;
}
