/** Rows in another practice than their case are brought back before their entity closes; one that cannot be holds it up. */
import { finishBatch, markQueued, progressOf } from "@nexus/shared/ledger";
import { loadingEntity, runningRun } from "@nexus/shared/testing";
import { beforeEach, expect, it } from "vitest";
import type { Deps } from "./deps.ts";
import { extractorUnderTest, runOf } from "./extractor.fixture.ts";
import { settle } from "./settle.ts";

const COUNTS = { read: 1, loaded: 1, inserted: 1, updated: 0, rejected: 0, parked: 0, noted: 0 };

let deps: Deps;

/** A project without a practice, of a case that has one. */
beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  const { target, legacy } = deps;
  await legacy.query(
    "create table dispatch_project (id integer primary key); insert into dispatch_project values (1)",
  );
  await target.query(
    `insert into public.practices (legacy_id, name) values (1, 'a');
     insert into public.cases (legacy_project_id, case_number, practice_id) select 1, 'x', id from public.practices;
     insert into public.projects (legacy_id, case_id) select 1, id from public.cases`,
  );
  const runId = await runningRun(target, ["projects"]);
  const [batch = 0] = await loadingEntity(target, runId, "projects", 1);
  await markQueued(target, runId, "projects", 1);
  await finishBatch(target, batch, COUNTS, 1);
});

/** What became of the entity, and what its check says. */
async function settled(): Promise<unknown> {
  const { id } = await runOf(deps);
  await settle(deps, await runOf(deps));
  const [projects] = await progressOf(deps.target, id);
  const checks = await deps.target.query(
    "select passed, expected, actual from migration.validations where name = 'rows_apart_from_their_case'",
  );
  return { status: projects?.status, errorCode: projects?.errorCode, checks: checks.rows };
}

it("is complete when they were brought back", async () => {
  expect(await settled()).toEqual({
    status: "complete",
    errorCode: null,
    checks: [{ passed: true, expected: 0, actual: 0 }],
  });
});

it("is blocked by its check when the target keeps one where it is", async () => {
  await deps.target.query(
    `create function public.keep() returns trigger language plpgsql as $$ begin return null; end $$;
     create trigger keep before update on public.projects for each row execute function public.keep()`,
  );
  expect(await settled()).toEqual({
    status: "blocked",
    errorCode: "rows_apart_from_their_case",
    checks: [{ passed: false, expected: 0, actual: 1 }],
  });
});
