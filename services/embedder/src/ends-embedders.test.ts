/** A page that ends its embedders: whoever comes third reads it item by item, and what ends two of them alone is given up. */
import { entities } from "@nexus/catalog";
import { backfill, currentHolds } from "@nexus/shared/ledger";
import { eventually } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { type EmbedderUnderTest, embedderUnderTest } from "./embedder.fixture.ts";
import { beginPage, noteItem, type Page, relayedPages, takeEvents } from "./pages.ts";

let embedder: EmbedderUnderTest;
let good: string;
let poison: string;
let other: string;

/** A page of three cases. */
beforeEach(async (context) => {
  embedder = await embedderUnderTest(context);
  good = await embedder.newCase("Upper arch");
  poison = await embedder.newCase("Poison");
  other = await embedder.newCase("Lower arch");
  await embedder.offer("case", [good, poison, other]);
});

/** An embedder begins the page and is never heard of again. */
async function dies(): Promise<Page> {
  await takeEvents(embedder.target, 10);
  const [job] = await relayedPages(embedder.target);
  const page = job && (await beginPage(embedder.target, job));
  if (page === undefined) throw new Error("no page is open");
  return page;
}

async function readings(): Promise<unknown[]> {
  return (await embedder.target.query("select begun, item from migration.page_readings")).rows;
}

async function failures(): Promise<unknown[]> {
  return (
    await embedder.target.query("select content_id as id, code from migration.embedding_failures")
  ).rows;
}

describe("a page that has ended two embedders", () => {
  it("is read item by item, and the item that ends two more is failed; a backfill tries it again", async () => {
    await dies();
    await dies();
    await noteItem(embedder.target, await dies(), poison);
    await noteItem(embedder.target, await dies(), poison);
    await eventually(() => embedder.work(), { within: 20_000 });
    expect(await failures()).toEqual([{ id: poison, code: "ended_embedder" }]);
    expect(embedder.calls).toHaveLength(2);
    for (const id of [good, other]) expect(await embedder.vectorsOf(id)).toHaveLength(1);
    expect(await readings()).toEqual([]);
    await backfill(embedder.target, entities, "failed", { actor: "test", reason: null });
    await eventually(() => embedder.work(), { within: 20_000 });
    expect(await failures()).toEqual([]);
    expect(await embedder.vectorsOf(poison)).toHaveLength(1);
  });

  it("tries an item that ended one alone first, and blames it not: embedders are killed for other reasons, too", async () => {
    await dies();
    await dies();
    await noteItem(embedder.target, await dies(), poison);
    const seen: unknown[] = [];
    embedder.before = async () => void seen.push(...(await readings()));
    await eventually(() => embedder.work(), { within: 20_000 });
    expect(seen).toEqual([poison, good, other].map((item) => ({ begun: 4, item })));
    expect([await failures(), await readings()]).toEqual([[], []]);
  });

  it("names the item that it reads, and blames none where it survives", async () => {
    await dies();
    await dies();
    const seen: unknown[] = [];
    embedder.before = async () => void seen.push(...(await readings()));
    await eventually(() => embedder.work(), { within: 20_000 });
    expect(seen).toEqual([good, poison, other].map((item) => ({ begun: 3, item })));
    expect([await failures(), await readings()]).toEqual([[], []]);
  });

  it("is none where each reading came to an end, well or not", async () => {
    embedder.before = () => {
      throw new Error("the provider is not to be reached");
    };
    for (let n = 0; n < 4; n++) await embedder.work();
    expect(await readings()).toEqual([]);
  });
});

describe("a target that refuses what an embedder writes", () => {
  it("is on record, for the doctor to say", async () => {
    await embedder.target.query(
      `create function full_disk() returns trigger language plpgsql as $$ begin raise exception 'full' using errcode = '53100'; end $$;
       create trigger full_disk before insert on migration.embedding_texts execute function full_disk()`,
    );
    await embedder.work();
    expect(await currentHolds(embedder.target)).toMatchObject([
      { server: "target", code: "53100" },
    ]);
    expect(await readings()).toEqual([]);
  });
});
