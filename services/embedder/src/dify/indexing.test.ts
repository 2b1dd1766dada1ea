import { entities } from "@nexus/catalog";
import { backfill } from "@nexus/shared/ledger";
import { beforeEach, describe, expect, it } from "vitest";
import { type DifyUnderTest, difyUnderTest, idle } from "./dify.fixture.ts";

let dify: DifyUnderTest;
let practice: string;

beforeEach(async (context) => {
  dify = await difyUnderTest(context);
  practice = await dify.practice("Mine");
});

const texts = (): string[] => dify.server.documents().map(({ text }) => text);

describe("an indexing", () => {
  it("that fails is tried again, then on record; nothing of it stays, and a backfill of what failed repairs it", async () => {
    dify.server.change({ indexing: "fails" });
    const id = await dify.newCase("Upper arch", practice);
    await dify.fill(id);
    expect(await dify.failure(id)).toMatchObject({ code: "indexing_error" });
    expect(dify.server.calls("create")).toBe(5);
    expect(texts()).toEqual([]);
    dify.server.change({ indexing: "completes" });
    await backfill(dify.target, entities, "failed", { actor: "test", reason: null }, "dify");
    await dify.work(idle);
    expect(texts()).toHaveLength(1);
  });

  it("that never ends holds nobody up, is looked at less and less, and lets nothing be forgotten", async () => {
    dify.server.change({ indexing: "stalls" });
    const stalled = await dify.newCase("Upper arch", practice);
    await dify.offer("case", [stalled]);
    await dify.work(({ items }) => items.indexing === 1);
    dify.server.change({ indexing: "completes" });
    await dify.offer("case", await dify.newCases(3, practice));
    expect(await dify.work(({ items }) => items.done === 3)).toMatchObject({
      status: "filling",
      items: { indexing: 1 },
    });
  });

  it("does not keep a document where it must not be for longer than Dify does", async () => {
    dify.server.change({ indexingMs: 400 });
    const id = await dify.newCase("Upper arch", practice);
    await dify.offer("case", [id]);
    await dify.work(({ items }) => items.indexing === 1);
    const other = await dify.practice("Theirs");
    await dify.target.query(`update public.cases set practice_id = $2 where id = $1`, [id, other]);
    await dify.work(idle);
    expect(dify.server.documents()).toMatchObject([{ dataset: `mig-${other}` }]);
    expect(dify.server.calls("delete")).toBe(1);
  });
});
