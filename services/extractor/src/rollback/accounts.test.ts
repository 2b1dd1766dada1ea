/** Accounts of a run that is rolled back. A loader is played by hand: what it removes, it removes from the ledger. */
import type { Pool } from "@nexus/shared/database";
import { createRollback } from "@nexus/shared/ledger";
import { eventually, seedRun } from "@nexus/shared/testing";
import { beforeEach, expect, it } from "vitest";
import type { Deps } from "../deps.ts";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { rollBack } from "./roll-back.ts";

let deps: Deps;
let target: Pool;
beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  target = deps.target;
});

async function runWithProfiles(accounts: boolean): Promise<number> {
  const entities = { profiles: { status: "complete" } } as const;
  const runId = await seedRun(target, { status: "completed", entities });
  await target.query(
    "update migration.runs set undo = 'kept', finished_at = now(), accounts = $2 where id = $1",
    [runId, accounts],
  );
  return runId;
}

const decisions = async (): Promise<unknown[]> =>
  (await target.query("select run_id from migration.account_decisions")).rows;

async function decided(runId: number): Promise<void> {
  await target.query(
    `insert into migration.account_decisions (run_id, before_profiles, users, counts) values ($1, false, 0, '{}')`,
    [runId],
  );
}

async function ask(runId: number): Promise<number> {
  const asked = { runId, kind: "rollback", entities: null } as const;
  return await createRollback(target, asked, { actor: "tester", reason: null });
}

it("says of an account that Supabase Auth does not let go that it is left", async () => {
  const runId = await runWithProfiles(true);
  await target.query(
    `insert into migration.accounts (legacy_id, profile_id, run_id, state, made_by)
     select n, gen_random_uuid(), $1, 'done', $1 from generate_series(1, 3) n`,
    [runId],
  );
  await target.query(
    "insert into migration.heartbeats (process, service, makes_accounts) values (gen_random_uuid(), 'loader', true)",
  );
  const id = await ask(runId);
  const done = rollBack(deps);
  const removed = async (): Promise<number | null> =>
    (
      await target.query(
        "delete from migration.accounts where state = 'removing' and legacy_id > 1 returning legacy_id",
      )
    ).rowCount;
  await eventually(removed, { until: (rows) => rows === 2, within: 10_000, every: 5 });
  await target.query(
    "update migration.accounts set state = 'refused', code = 'not_removed' where state = 'removing'",
  );
  await done;
  const { rows } = await target.query(
    `select r.status, e.deleted, e.rows_left::text from migration.rollbacks r
     join migration.rollback_entities e on e.rollback_id = r.id and e.entity = 'accounts' where r.id = $1`,
    [id],
  );
  expect(rows).toEqual([{ status: "done", deleted: 2, rows_left: '{"refused": 1}' }]);
});

it.each([
  ["without accounts", false],
  ["with accounts", true],
])("has accounts of an earlier run decided anew after one %s", async (_, accounts) => {
  await decided(await runWithProfiles(true));
  await ask(await runWithProfiles(accounts));
  await rollBack(deps);
  expect((await target.query("select status, error_code from migration.rollbacks")).rows).toEqual([
    { status: "done", error_code: null },
  ]);
  expect(await decisions()).toEqual([]);
});

it("leaves what was decided if profiles stay", async () => {
  const first = await runWithProfiles(true);
  await decided(first);
  const runId = await seedRun(target, {
    status: "completed",
    entities: { practices: { status: "complete" }, profiles: { status: "skipped" } },
  });
  await target.query("update migration.runs set undo = 'kept' where id = $1", [runId]);
  await ask(runId);
  await rollBack(deps);
  expect(await decisions()).toEqual([{ run_id: first }]);
});
