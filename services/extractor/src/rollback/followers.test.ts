/** Rows that go along with a case, and that others have changed: a rollback leaves them. The run is written by hand. */
import { type Client, inTransaction, type Pool } from "@nexus/shared/database";
import { createRollback } from "@nexus/shared/ledger";
import { seedRun } from "@nexus/shared/testing";
import { beforeEach, expect, it } from "vitest";
import type { Deps } from "../deps.ts";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { rollBack } from "./roll-back.ts";

let deps: Deps;
let target: Pool;
let runId: number;

const OURS = "pg_current_xact_id()::xid::text::bigint";
const PRACTICE = (key: number): string =>
  `(select id from public.practices where legacy_id = ${key})`;
const CASE = "(select id from public.cases where legacy_project_id = 1)";

/** Case 1 is in practice 1. Its projects 1 to 3 are in practice 4, 1 and none: others had put them there. */
beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  target = deps.target;
  await target.query(
    `insert into public.practices (legacy_id, name) select n, 'practice ' || n from generate_series(1, 4) n;
     insert into public.cases (legacy_project_id, practice_id, case_number, title, case_type, current_state)
       values (1, ${PRACTICE(1)}, 'CASE-1', 'former', 'refinement', 'submitted');
     insert into public.projects (legacy_id, case_id, practice_id, name)
       select n, ${CASE}, case n when 1 then ${PRACTICE(4)} when 2 then ${PRACTICE(1)} end, 'former ' || n from generate_series(1, 3) n`,
  );
  runId = await seedRun(target, {
    status: "completed",
    entities: {
      cases: { status: "complete", batches: [{ status: "done" }] },
      projects: { status: "complete" },
    },
  });
  await target.query("update migration.runs set undo = 'kept', finished_at = now()");
});

/** A batch of the run moves the case, as a loader does it. */
async function moves(from: number, to: number): Promise<void> {
  await inTransaction(target, async (tx) => {
    await tx.query(
      `insert into migration.undo (run_id, entity, batch_id, xid, updated, former, former_xids, taken_along)
       select $1, 'cases', (select max(id) from migration.batches where entity = 'cases'), ${OURS},
         array[c.id], array[to_jsonb(c)], array[c.xmin::text::bigint], jsonb_build_object('case_states', null, 'projects', (
           select jsonb_agg(to_jsonb(t)) from public.projects t
           where t.case_id = c.id and t.practice_id is distinct from ${PRACTICE(from)}))
       from public.cases c`,
      [runId],
    );
    await tx.query(`update public.cases set practice_id = ${PRACTICE(to)}, title = 'ours'`);
  });
}

interface Back {
  /** `name practice` of each project. */
  readonly projects: readonly string[];
  readonly title: string | undefined;
  readonly left: readonly string[];
}

async function back(): Promise<Back> {
  const asked = { runId, kind: "rollback", entities: null } as const;
  const id = await createRollback(target, asked, { actor: "tester", reason: null });
  await rollBack(deps);
  const ended = await target.query(
    "select status, error_code as code from migration.rollbacks where id = $1",
    [id],
  );
  expect(ended.rows).toEqual([{ status: "done", code: null }]);
  const said = async (sql: string): Promise<string[]> =>
    (await target.query<{ said: string }>(sql)).rows.map((row) => row.said);
  return {
    projects: await said(
      `select concat_ws(' ', t.name, 'in', right(p.name, 1)) as said
       from public.projects t left join public.practices p on p.id = t.practice_id order by t.legacy_id`,
    ),
    title: (await said("select title as said from public.cases"))[0],
    left: await said(
      `select concat_ws(' ', entity, legacy_id, reason) as said from migration.rollback_left order by entity, legacy_id`,
    ),
  };
}

const theyChange = async (keys: readonly number[]): Promise<void> => {
  await target.query("update public.projects set name = 'theirs' where legacy_id = any($1)", [
    keys,
  ]);
};

it("gives rows that went along back what they were", async () => {
  await moves(1, 2);
  expect(await back()).toEqual({
    projects: ["former 1 in 4", "former 2 in 1", "former 3 in"],
    title: "former",
    left: [],
  });
});

it("leaves those that others have changed since, and lists them", async () => {
  await moves(1, 2);
  await theyChange([1, 2]);
  expect(await back()).toEqual({
    projects: ["theirs in 1", "theirs in 1", "former 3 in"],
    title: "former",
    left: ["projects 1 changed"],
  });
});

it("leaves them where the case was moved twice: the newer record does not name them", async () => {
  await moves(1, 2);
  await moves(2, 3);
  await theyChange([1]);
  expect(await back()).toEqual({
    projects: ["theirs in 1", "former 2 in 1", "former 3 in"],
    title: "former",
    left: ["projects 1 changed"],
  });
});

it("leaves a row of the run that others have changed, where its case was deleted and came back elsewhere", async () => {
  const write = async (tx: Client): Promise<void> => {
    await tx.query("delete from public.projects");
    const removed = await tx.query<{ id: string }>(
      `insert into migration.undo (run_id, entity, xid, removed, removed_xids)
       select $1, 'cases', ${OURS}, array[to_jsonb(c)], array[c.xmin::text::bigint] from public.cases c returning removed[1] ->> 'id' as id`,
      [runId],
    );
    const { id } = removed.rows[0] ?? { id: "" };
    await tx.query("delete from public.cases");
    await tx.query(
      `insert into public.cases (id, legacy_project_id, practice_id, case_number, title, case_type, current_state)
         values ('${id}', 1, ${PRACTICE(2)}, 'CASE-1', 'ours', 'refinement', 'submitted');
       insert into public.projects (legacy_id, case_id, practice_id, name) select n, ${CASE}, ${PRACTICE(2)}, 'ours' from generate_series(1, 2) n;
       insert into migration.undo (run_id, entity, batch_id, xid, inserted)
         select ${runId}, e, (select max(id) from migration.batches where entity = e), ${OURS},
           case e when 'cases' then array[${CASE}] else (select array_agg(id) from public.projects) end
         from unnest(array['cases', 'projects']) e`,
    );
  };
  await inTransaction(target, write);
  await theyChange([1]);
  expect(await back()).toEqual({
    projects: ["theirs in 1"],
    title: "former",
    left: ["projects 1 changed"],
  });
});
