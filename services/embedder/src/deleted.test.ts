/** A vector tells of its text: it does not outlive the content that had it, also where no embedder runs. */
import { eventually, lockWaits } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { type EmbedderUnderTest, embedderUnderTest } from "./embedder.fixture.ts";

let embedder: EmbedderUnderTest;

beforeEach(async (context) => {
  embedder = await embedderUnderTest(context);
});

describe("content that is deleted", () => {
  it("takes the vector of its text along when it is deleted, unless others of the practice have the same text", async () => {
    const [first, second] = [await embedder.practice("a"), await embedder.practice("b")];
    const ids = [
      await embedder.newCase("Same", first),
      await embedder.newCase("Same", first),
      await embedder.newCase("Same", second),
      await embedder.newCase("Other", first),
    ];
    const { target } = embedder;
    const texts = async () => {
      const { rows } = await target.query<{ practice: string }>(
        `select practice_id as practice from migration.embedding_texts where embedding is not null order by id`,
      );
      return rows.map(({ practice }) => practice);
    };
    await embedder.embed("case", ids);
    expect(await texts()).toHaveLength(3);
    await target.query(`delete from public.cases where id = $1`, [ids[0]]);
    expect(await texts(), "the second case has the same text").toHaveLength(3);
    await target.query(`delete from public.cases where id = $1`, [ids[1]]);
    expect(await texts()).toEqual(expect.arrayContaining([first, second]));
    expect(await texts()).toHaveLength(2);
    await target.query(`delete from public.cases where title = 'Same' or title = 'Other'`);
    expect(await texts()).toEqual([]);
  });

  it("takes the vector of its text along when two with the same text are deleted at the same time", async () => {
    const practice = await embedder.practice("a");
    const [one, two] = [
      await embedder.newCase("Same", practice),
      await embedder.newCase("Same", practice),
    ];
    await embedder.embed("case", [one, two]);
    const deleter = await embedder.target.connect();
    await deleter.query("begin");
    await deleter.query(`delete from public.cases where id = $1`, [one]);
    const other = embedder.target.query(`delete from public.cases where id = $1`, [two]);
    await eventually(async () => (await lockWaits(embedder.target)) === 1);
    await deleter.query("commit");
    deleter.release();
    await other;
    const { rowCount } = await embedder.target.query(`select from migration.embedding_texts`);
    expect(rowCount).toBe(0);
  });
});
