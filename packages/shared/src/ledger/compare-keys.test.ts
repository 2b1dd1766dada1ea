import { entities, entityNamed } from "@nexus/catalog";
import { freshDatabase, freshTarget, runningRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { openPool, type Pool } from "../database/pool.ts";
import { BEGINNING, type ComparedPage, comparePage, type Key } from "./compare-keys.ts";

const practices = entityNamed(entities, "practices");
const projects = entityNamed(entities, "projects");

let legacy: Pool;
let target: Pool;
let runId: number;

beforeEach(async (context) => {
  target = await freshTarget(context);
  const url = await freshDatabase(context);
  legacy = openPool({ url, max: 2, name: "nexus-test", onError: () => undefined });
  context.onTestFinished(() => legacy.end());
  runId = await runningRun(target, ["practices"]);
  await legacy.query(
    "create table dispatch_office (id bigint primary key); create table dispatch_project (id integer primary key, uid integer)",
  );
});

/** All pages of an entity. */
async function compared(entity: typeof practices, upTo: Key = 1_000_000): Promise<ComparedPage[]> {
  const pages: ComparedPage[] = [];
  for (let after: Key | null = BEGINNING; after !== null; after = pages.at(-1)?.to ?? null)
    pages.push(await comparePage(legacy, target, { entity, runId, upTo }, after, {}));
  return pages;
}

/** The key is in the source, but rejected. */
async function excepted(key: string): Promise<void> {
  await target.query(
    `with b as (insert into migration.batches (run_id, entity, seq, after_key, to_key, expected) select ${runId}, 'practices', coalesce(max(seq), 0) + 1, 0, 1, 1 from migration.batches returning id)
     insert into migration.exceptions (run_id, entity, legacy_id, batch_id, outcome, reason) select ${runId}, 'practices', ${key}, id, 'rejected', 'x' from b`,
  );
}

describe("the keys of source and target", () => {
  beforeEach(async () => {
    await legacy.query("insert into dispatch_office select generate_series(1, 50000)");
    await target.query(
      "insert into public.practices (legacy_id, name) select n, 'p' from generate_series(1, 50000) n",
    );
  });

  it("are the same: one page says so", async () => {
    expect(await compared(practices)).toEqual([{ to: null, missing: [], gone: [] }]);
  });

  it("differ at ends and at the borders of what is fetched at once, with the exceptions counted once", async () => {
    await legacy.query("delete from dispatch_office where id in (1, 20000, 20003, 50000)");
    await target.query("delete from public.practices where legacy_id in (2, 20001, 20002, 39999)");
    await legacy.query("insert into dispatch_office values (9007199254740993)");
    await excepted("20002");
    await excepted("9007199254740993");
    await excepted("7");
    expect(await compared(practices)).toEqual([
      { to: null, missing: [2, 20_001, 39_999], gone: [1, 20_000, 20_003, 50_000] },
    ]);
  });

  it("are told apart where their number and their sum are the same", async () => {
    await legacy.query("delete from dispatch_office where id in (10, 40)");
    await target.query("delete from public.practices where legacy_id in (20, 30)");
    expect(await compared(practices)).toEqual([{ to: null, missing: [20, 30], gone: [10, 40] }]);
  });

  it("are not missing where the source got them after it was planned", async () => {
    await legacy.query("insert into dispatch_office values (50001), (50002)");
    expect(await compared(practices, 50_001)).toEqual([{ to: null, missing: [50_001], gone: [] }]);
  });

  it("are all gone where the source shows none", async () => {
    await legacy.query("truncate dispatch_office");
    const [page] = await compared(practices);
    expect(page).toMatchObject({ to: null, missing: [] });
    expect(page?.gone).toHaveLength(50_000);
  });
});

describe("a row whose key another row took", () => {
  it("is gone when its source row is, and not while that was only rejected", async () => {
    await legacy.query("insert into dispatch_project values (1, 102), (2, null), (4, -9)");
    await target.query(
      `insert into public.cases (legacy_project_id) values (1);
       insert into public.projects (legacy_id, case_id, metadata)
       select key, (select id from public.cases), format('{"legacy":{"id":%s}}', of)::jsonb
       from (values (102, 1), (-2, 2), (-3, 3), (-9, 4)) k (key, of)`,
    );
    expect(await compared(projects)).toEqual([{ to: null, missing: [], gone: [-3] }]);
  });
});
