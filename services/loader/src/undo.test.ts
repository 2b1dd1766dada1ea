/** What a loader keeps of the rows that it writes, so that the run can be rolled back. */
import { beforeEach, describe, expect, it } from "vitest";
import { type LoaderUnderTest, loaderUnderTest } from "./loader.fixture.ts";

let under: LoaderUnderTest;

beforeEach(async (context) => {
  under = await loaderUnderTest(context);
  await under.legacy.query(
    "insert into dispatch_office (id, name) select n, 'Office no. ' || n from generate_series(1, 5) n",
  );
});

/** Loads all practices in a run of its own that keeps what it changes, or does not. */
async function load(undo: "kept" | "off"): Promise<{ inserted: number; updated: number }> {
  const offer = await under.begin("practices");
  await under.target.query("update migration.runs set undo = $1 where status = 'running'", [undo]);
  const { inserted, updated } = await offer();
  await under.target.query("update migration.runs set status = 'completed'");
  return { inserted, updated };
}

interface Kept {
  readonly run: number;
  readonly batch: number;
  readonly inserted: number;
  readonly former: Record<string, unknown>[];
  /** Whether every row that it names was written by its transaction last. */
  readonly ours: boolean;
}

async function kept(): Promise<Kept[]> {
  const { rows } = await under.target.query<Omit<Kept, "former"> & { former: string }>(
    `select run_id as run, batch_id as batch, cardinality(inserted) as inserted, to_json(former)::text as former,
       not exists (select from public.practices p where p.id = any(inserted || updated) and p.xmin::text::bigint <> xid) as ours
     from migration.undo u order by id`,
  );
  return rows.map((row) => ({ ...row, former: JSON.parse(row.former) }));
}

describe("a batch of a run that keeps what it changes", () => {
  it("keeps the ids of new rows, and the transaction that wrote them, in one record", async () => {
    expect(await load("kept")).toEqual({ inserted: 5, updated: 0 });
    const found = await kept();
    expect(found).toEqual([{ run: 1, batch: 1, inserted: 5, former: [], ours: true }]);
  });

  it("keeps changed rows as they were, whole, and nothing of those that stay", async () => {
    await load("off");
    await under.target.query(
      "alter table public.practices add column remark text default 'theirs'",
    );
    const before = await under.target.query<{ row: unknown }>(
      "select to_jsonb(p) as row from public.practices p where legacy_id in (2, 4) order by legacy_id",
    );
    await under.legacy.query("update dispatch_office set phone = '1' where id in (2, 4)");
    expect(await load("kept")).toEqual({ inserted: 0, updated: 2 });
    const [record, ...others] = await kept();
    expect(others).toEqual([]);
    expect(record).toMatchObject({ inserted: 0, ours: true });
    expect(record?.former).toEqual(before.rows.map(({ row }) => JSON.parse(String(row))));
  });

  it("keeps nothing where nothing changes, and where it is not to", async () => {
    await load("off");
    await load("kept");
    expect(await kept()).toEqual([]);
  });

  it("keeps of rows that are found by halves what was written, by the savepoint that wrote it", async () => {
    await under.target.query(
      "alter table public.practices add constraint no_third check (name <> 'Office no. 3')",
    );
    expect(await load("kept")).toEqual({ inserted: 4, updated: 0 });
    const found = await kept();
    expect(found.map(({ ours }) => ours)).not.toContain(false);
    expect(found.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(4);
  });
});
