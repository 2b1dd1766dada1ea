import { runningRun, type TestContext } from "@nexus/shared/testing";
import { expect, it } from "vitest";
import { beginRun } from "./begin-run.ts";
import type { Deps } from "./deps.ts";
import { extractorUnderTest, runOf } from "./extractor.fixture.ts";
import { startSetbacks } from "./setbacks.ts";

/** A planned run of practices. */
async function plannedRun(context: TestContext): Promise<Deps> {
  const deps = await extractorUnderTest(context);
  await deps.legacy.query(
    "alter table dispatch_office add name text, add address text, add phone text",
  );
  const id = await runningRun(deps.target, ["practices"]);
  await deps.target.query("update migration.runs set status = 'planned' where id = $1", [id]);
  await deps.target.query("update migration.run_entities set status = 'waiting'");
  return deps;
}

it.for([true, false])("a run keeps whether it is to be verified: %s", async (verifies, context) => {
  const deps = await plannedRun(context);
  const settings = { ...deps.settings, verifies };
  expect(await beginRun({ ...deps, settings }, await runOf(deps), startSetbacks())).toBe(true);
  const { rows } = await deps.target.query("select verify from migration.runs");
  expect(rows).toEqual([{ verify: verifies }]);
});

it("a run keeps what its beginning saw, whatever a second extractor sees that is late", async (context) => {
  const deps = await plannedRun(context);
  const run = await runOf(deps);
  const kept = async () => {
    const { rows } = await deps.target.query(
      `select r.source_snapshot, r.source_columns::text, e.keyed_before
       from migration.runs r join migration.run_entities e on e.run_id = r.id`,
    );
    return rows;
  };
  expect(await beginRun(deps, run, startSetbacks())).toBe(true);
  const [first] = await kept();
  expect(first).toMatchObject({ keyed_before: 0 });
  await deps.target.query("insert into public.practices (legacy_id, name) values (7, 'Loaded')");
  await deps.legacy.query("alter table dispatch_office add city text");
  expect(await beginRun(deps, run, startSetbacks())).toBe(false);
  expect(await kept()).toEqual([first]);
});

it.for([
  ["bigint", "-9223372036854775808"],
  ["numeric", "1e30"],
  ["float8", "'NaN'"],
])("a run does not begin where a key of type %s is %s", async ([type, key], context) => {
  const deps = await plannedRun(context);
  await deps.legacy.query(
    `alter table dispatch_office alter id type ${type}; insert into dispatch_office (id) values (${key})`,
  );
  expect(await beginRun(deps, await runOf(deps), startSetbacks())).toBe(false);
  const { rows } = await deps.target.query("select status, error_code from migration.runs");
  expect(rows).toEqual([{ status: "failed", error_code: "source_missing" }]);
});

it("a run waits for the server of a foreign table, and does not fail", async (context) => {
  const deps = await plannedRun(context);
  const offered = await deps.legacy.query(
    "select from pg_available_extensions where name = 'postgres_fdw'",
  );
  if (offered.rowCount === 0) context.skip("this PostgreSQL has no postgres_fdw");
  await deps.legacy.query(
    `create extension postgres_fdw; alter table dispatch_office rename to kept;
     create server far foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1');
     create user mapping for current_user server far options (user 'nobody');
     create foreign table dispatch_office () inherits (kept) server far`,
  );
  const run = await runOf(deps);
  await expect(beginRun(deps, run, startSetbacks())).rejects.toMatchObject({ code: "08001" });
  const { rows } = await deps.target.query("select status, error_code from migration.runs");
  expect(rows).toEqual([{ status: "planned", error_code: "08001" }]);
  await deps.legacy.query(
    "drop foreign table dispatch_office; alter table kept rename to dispatch_office",
  );
  expect(await beginRun(deps, run, startSetbacks())).toBe(true);
});
