/** What a rollback leaves, with its reason, and what it does with rows that a run wrote twice. The run is written by hand, record by record. */
import { type Client, inTransaction, type Pool } from "@nexus/shared/database";
import { createRollback } from "@nexus/shared/ledger";
import { seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import type { Deps } from "../deps.ts";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { rollBack } from "./roll-back.ts";

let deps: Deps;
let target: Pool;
let runId: number;

/** Practices 1 to 5 are there before the run, as `former 1` to `former 5`. */
beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  target = deps.target;
  await target.query(
    `insert into public.practices (legacy_id, name) select n, 'former ' || n from generate_series(1, 5) n`,
  );
  await nextRun();
});

/** What follows is written by a run of its own. */
async function nextRun(): Promise<void> {
  runId = await seedRun(target, {
    status: "completed",
    entities: { practices: { status: "complete", batches: [{ status: "done" }] } },
  });
  await target.query("update migration.runs set undo = 'kept', finished_at = now()");
}

const OURS = "pg_current_xact_id()::xid::text::bigint";
const BATCH = "(select max(id) from migration.batches)";

/** A batch of the run, in one transaction, as a loader writes it. */
async function batch(...steps: readonly ((tx: Client) => Promise<unknown>)[]): Promise<void> {
  await inTransaction(target, async (tx) => {
    for (const step of steps) await step(tx);
  });
}

const changes =
  (keys: readonly number[], to: string, former: "kept" | "unknown" = "kept") =>
  async (tx: Client): Promise<void> => {
    await tx.query(
      `insert into migration.undo (run_id, entity, batch_id, xid, updated, former, former_xids)
       select $1, 'practices', ${BATCH}, ${OURS}, array_agg(id order by id),
         array_agg(${former === "kept" ? "to_jsonb(p)" : "null::jsonb"} order by id), array_agg(p.xmin::text::bigint order by id)
       from public.practices p where legacy_id = any($2::integer[])`,
      [runId, keys],
    );
    await tx.query(
      `update public.practices set name = $1 || ' ' || legacy_id where legacy_id = any($2::integer[])`,
      [to, keys],
    );
  };

const inserts =
  (keys: readonly number[]) =>
  async (tx: Client): Promise<void> => {
    await tx.query(
      `with made as (insert into public.practices (legacy_id, name)
         select n, 'new ' || n from unnest($2::integer[]) n returning id)
       insert into migration.undo (run_id, entity, batch_id, xid, inserted)
       select $1, 'practices', ${BATCH}, ${OURS}, array_agg(id) from made`,
      [runId, keys],
    );
  };

const removes =
  (keys: readonly number[]) =>
  async (tx: Client): Promise<void> => {
    await tx.query(
      `with gone as (delete from public.practices p where legacy_id = any($2::integer[])
         returning to_jsonb(p) as former, p.xmin::text::bigint as xid)
       insert into migration.undo (run_id, entity, xid, removed, removed_xids)
       select $1, 'practices', ${OURS}, array_agg(former), array_agg(xid) from gone`,
      [runId, keys],
    );
  };

interface Back {
  readonly names: readonly string[];
  readonly left: readonly string[];
  readonly deleted: number;
  readonly restored: number;
}

/** Has the run rolled back, and says what practices are called then, and what was left, as `key reason`. */
async function back(): Promise<Back> {
  const asked = { runId, kind: "rollback", entities: null } as const;
  const id = await createRollback(target, asked, { actor: "tester", reason: null });
  await rollBack(deps);
  const ended = await target.query<{ status: string; code: string | null }>(
    "select status, error_code as code from migration.rollbacks where id = $1",
    [id],
  );
  expect(ended.rows).toEqual([{ status: "done", code: null }]);
  const { rows: names } = await target.query<{ name: string }>(
    "select name from public.practices order by legacy_id",
  );
  const { rows: left } = await target.query<{ said: string }>(
    `select concat_ws(' ', legacy_id, reason) as said from migration.rollback_left where rollback_id = $1 order by legacy_id`,
    [id],
  );
  const { rows: counts } = await target.query<{ deleted: number; restored: number }>(
    "select deleted, restored from migration.rollback_entities where rollback_id = $1",
    [id],
  );
  const { deleted, restored } = counts[0] ?? { deleted: -1, restored: -1 };
  return {
    names: names.map(({ name }) => name),
    left: left.map(({ said }) => said),
    deleted,
    restored,
  };
}

describe("a rollback leaves, and lists", () => {
  it("what others have changed, but not what is again what it was", async () => {
    await batch(changes([1, 2, 3], "ours"));
    await target.query(
      `update public.practices set name = 'theirs' where legacy_id = 1;
       update public.practices p set (name, updated_at) = (f.row ->> 'name', (f.row ->> 'updated_at')::timestamptz)
         from (select unnest(former) as row from migration.undo) f where p.legacy_id = 2 and (f.row ->> 'legacy_id') = '2'`,
    );
    expect(await back()).toMatchObject({
      names: ["theirs", "former 2", "former 3", "former 4", "former 5"],
      left: ["1 changed"],
    });
  });

  it("what is gone: others have deleted a row that the run had changed", async () => {
    await batch(changes([1, 2], "ours"), inserts([6]));
    await target.query("delete from public.practices where legacy_id in (1, 6)");
    expect(await back()).toEqual({
      names: ["former 2", "former 3", "former 4", "former 5"],
      left: ["gone"],
      deleted: 1,
      restored: 1,
    });
  });

  it("what nobody knows: the row appeared while the run wrote it", async () => {
    await batch(changes([1], "ours", "unknown"), changes([2], "ours"));
    expect(await back()).toEqual({
      names: ["ours 1", "former 2", "former 3", "former 4", "former 5"],
      left: ["1 unknown"],
      deleted: 0,
      restored: 1,
    });
  });

  it("what a trigger of the target makes something else of", async () => {
    await batch(changes([1, 2], "ours"));
    await target.query(
      `create function public.shout() returns trigger language plpgsql as $$ begin
         if new.legacy_id = 1 then new.name = upper(new.name); end if; return new; end $$;
       create trigger shout before update on public.practices for each row execute function public.shout()`,
    );
    expect(await back()).toEqual({
      names: ["FORMER 1", "former 2", "former 3", "former 4", "former 5"],
      left: ["1 overruled"],
      deleted: 0,
      restored: 1,
    });
  });

  it("what a constraint or a trigger of the target refuses, and takes back all else", async () => {
    await batch(changes([1, 2, 3, 4], "ours"), inserts([6, 7, 8]));
    await target.query(
      `alter table public.practices add constraint no_third check (name <> 'former 3');
       create function public.stay() returns trigger language plpgsql as $$ begin
         if old.legacy_id = 7 then raise exception 'it stays' using errcode = '23514'; end if; return old; end $$;
       create trigger stay before delete on public.practices for each row execute function public.stay()`,
    );
    expect(await back()).toEqual({
      names: ["former 1", "former 2", "ours 3", "former 4", "former 5", "new 7"],
      left: ["3 refused", "7 refused"],
      deleted: 2,
      restored: 3,
    });
  });
});

describe("a batch that was requeued, and written twice", () => {
  it("goes back over both: to nothing what was new, to what it was before the first what was changed", async () => {
    await batch(inserts([6]), changes([1, 2], "first"));
    await batch(changes([1, 6], "second"));
    expect(await back()).toEqual({
      names: ["former 1", "former 2", "former 3", "former 4", "former 5"],
      left: [],
      deleted: 1,
      restored: 2,
    });
    expect((await target.query("select from migration.undo")).rowCount).toBe(0);
  });
});

describe("two runs, the newer first", () => {
  it("go back to what was before both, what one has changed or removed of the other's rows, too", async () => {
    await batch(inserts([6, 7, 8]), changes([1, 2], "older"));
    const older = runId;
    await nextRun();
    await batch(changes([1, 3, 6], "newer"));
    await batch(changes([1], "newest"), removes([7]));
    expect(await back()).toMatchObject({
      names: ["older 1", "older 2", ...untouched(3), "new 6", "new 7", "new 8"],
      left: [],
    });
    runId = older;
    expect(await back()).toEqual({
      names: ["former 1", "former 2", ...untouched(3)],
      left: [],
      deleted: 3,
      restored: 2,
    });
  });

  it("never take back what others have changed between them", async () => {
    await batch(inserts([6, 7]), changes([1], "older"));
    const older = runId;
    await target.query("update public.practices set name = 'theirs' where legacy_id in (1, 6)");
    await nextRun();
    await batch(changes([1, 6], "newer"));
    expect(await back()).toMatchObject({ names: ["theirs", ...untouched(2), "theirs", "new 7"] });
    runId = older;
    expect(await back()).toMatchObject({
      names: ["theirs", ...untouched(2), "theirs"],
      left: ["1 changed", "6 changed"],
    });
  });
});

/** Practices from that key on that were there before. */
function untouched(from: number): readonly string[] {
  return [2, 3, 4, 5].filter((key) => key >= from).map((key) => `former ${key}`);
}
