import { entities, entityNamed } from "@nexus/catalog";
import { readSourceShape } from "@nexus/shared/database";
import { beginFingerprints, createCutover } from "@nexus/shared/ledger";
import { pause } from "@nexus/shared/runtime";
import { eventually, runningRun, type TestContext } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import type { Deps } from "../deps.ts";
import { extractorUnderTest, runOf } from "../extractor.fixture.ts";
import { isQuiet, marksToBegin, passesByItself, sourceMarks } from "./source-marks.ts";

const practices = entityNamed(entities, "practices");

let deps: Deps;

beforeEach(async (context: TestContext) => {
  deps = await extractorUnderTest(context);
  await deps.legacy.query(
    `drop table dispatch_office;
     create table dispatch_office (id integer primary key, name text, address text, phone text);
     insert into dispatch_office select n, 'Office ' || n from generate_series(1, 100) n`,
  );
});

/** A run begins that reads practices, and ends as `status` says. Returns whether the source was quiet since the one before. */
async function next(status: string): Promise<boolean> {
  const shape = await readSourceShape(deps.legacy);
  const runId = await runningRun(deps.target, ["practices"]);
  await beginFingerprints(deps.target, runId, await marksToBegin(deps, [practices], shape));
  const quiet = await isQuiet(deps.target, await runOf(deps), practices, shape);
  await deps.target.query(
    "update migration.run_entities set status = $2, cursor_key = 100 where run_id = $1",
    [runId, status],
  );
  await deps.target.query("update migration.runs set status = 'completed' where id = $1", [runId]);
  return quiet;
}

describe("a source", () => {
  it("is quiet when nothing was written since the run before, and that one read all of it", async () => {
    expect(await next("complete"), "no run before").toBe(false);
    expect(await next("complete")).toBe(true);
    expect(await next("blocked")).toBe(true);
    expect(await next("complete"), "the run before was not complete").toBe(false);
  });

  it.each([
    ["a new row", "insert into dispatch_office (id) values (101)"],
    ["another value", "update dispatch_office set name = 'Other' where id = 7"],
    ["the same value written again", "update dispatch_office set name = name where id = 7"],
    ["a row that is gone", "delete from dispatch_office where id = 7"],
    [
      "a row that went and came back",
      "delete from dispatch_office where id = 7; insert into dispatch_office (id, name) values (7, 'Office 7')",
    ],
    [
      "columns that have exchanged their names",
      "alter table dispatch_office rename name to n; alter table dispatch_office rename phone to name; alter table dispatch_office rename n to phone",
    ],
    [
      "another column in the place of one",
      "alter table dispatch_office drop column phone, add column phone text default '7'",
    ],
  ])("is not quiet after %s", async (_, sql) => {
    await next("complete");
    await deps.legacy.query(sql);
    expect(await next("complete")).toBe(false);
    expect(await next("complete")).toBe(true);
  });

  it("is not quiet after a label of an enum was renamed", async (context) => {
    const { rows } = await deps.legacy.query<{ old: boolean }>(
      "select current_setting('server_version_num')::integer < 100000 as old",
    );
    if (rows[0]?.old === true) context.skip("labels are renamed from PostgreSQL 10 on");
    await deps.legacy.query(
      "create type kind as enum ('a', 'b'); alter table dispatch_office alter column phone type kind using null",
    );
    await next("complete");
    expect(await next("complete")).toBe(true);
    await deps.legacy.query("alter type kind rename value 'a' to 'c'");
    expect(await next("complete")).toBe(false);
  });

  it("is quiet after what was rolled back, and after a vacuum", async () => {
    await next("complete");
    await deps.legacy.query("begin; delete from dispatch_office; rollback");
    await deps.legacy.query("vacuum freeze dispatch_office");
    expect(await next("complete")).toBe(true);
  });

  it("is never taken for quiet where rows of a table lie on another server", async (context) => {
    const found = await deps.legacy.query<{ self: string }>(
      `select format('host ''127.0.0.1'', port %L, dbname %L', current_setting('port'), current_database()) as self
       from pg_available_extensions where name = 'postgres_fdw'`,
    );
    const { self } = found.rows[0] ?? context.skip("this PostgreSQL has no postgres_fdw");
    await deps.legacy.query(
      `create extension postgres_fdw; create server other foreign data wrapper postgres_fdw options (${self});
       create user mapping for current_user server other options (user 'postgres');
       create table elsewhere as select 101 as id, 'Office'::text as name, ''::text as address, ''::text as phone;
       create table heirs () inherits (dispatch_office);
       create foreign table heir () inherits (heirs) server other options (table_name 'elsewhere')`,
    );
    await next("complete");
    await deps.legacy.query("update elsewhere set name = 'Other'");
    await deps.legacy.query("vacuum full elsewhere");
    expect(await next("complete")).toBe(false);
  });

  it("is never taken for quiet where a view stands for a table, or a table is locked", async () => {
    await deps.legacy.query(
      "alter table dispatch_office rename to offices; create view dispatch_office as select * from offices",
    );
    await next("complete");
    expect(await next("complete")).toBe(false);
    await deps.legacy.query(
      "drop view dispatch_office; alter table offices rename to dispatch_office",
    );
    await next("complete");
    const holder = await deps.legacy.connect();
    await holder.query("begin; lock table dispatch_office");
    const shape = await readSourceShape(deps.legacy);
    expect(await marksToBegin(deps, [practices], shape)).toEqual({});
    await holder.query("rollback");
    holder.release();
  });

  it("is seen at one moment, after all locks: who holds one may have written elsewhere", async (context) => {
    await deps.legacy.query(
      "create table dispatch_template (id integer primary key, task_name text, function text)",
    );
    const shape = await readSourceShape(deps.legacy);
    const both = [practices, entityNamed(entities, "workflow_templates")];
    const before = await sourceMarks(deps, both, shape);
    const holder = await deps.legacy.connect();
    context.onTestFinished(() => holder.release(true));
    await holder.query(
      "begin; insert into dispatch_office (id) values (7007); lock table dispatch_template",
    );
    const marks = sourceMarks(deps, both, shape);
    const waiting = () =>
      holder.query(
        "select from pg_locks where not granted and relation = 'dispatch_template'::regclass",
      );
    await eventually(waiting, { until: ({ rowCount }) => rowCount === 1, every: 20 });
    await holder.query("commit");
    expect((await marks)["dispatch_office"]).not.toBe(before["dispatch_office"]);
  });

  it.each([
    [0, "08006", true],
    [0, "57014", false],
    [60_001, "08006", false],
  ])("is looked at again after %i ms and a failure %s: %s", (lasted, code, again) => {
    const settings = { ...deps.settings, legacyStatementMs: 60_000 };
    const failure = Object.assign(new Error("failed"), { code });
    expect(passesByItself({ settings }, failure, performance.now() - lasted)).toBe(again);
  });

  it("is waited for where the last delta of a cut-over begins, and a table is locked", async (context) => {
    const order = { embeddings: false, codes: "{}" };
    const asked = { order, quietSeconds: 1, withoutBackup: true, sourceFrozen: false };
    await createCutover(deps.target, "go", asked, { actor: "test", reason: null });
    const shape = await readSourceShape(deps.legacy);
    const holder = await deps.legacy.connect();
    context.onTestFinished(() => holder.release(true));
    await holder.query("begin; lock table dispatch_office");
    const marks = marksToBegin(deps, [practices], shape);
    const later = async () => {
      await pause(1_000, context.signal);
      await holder.query("rollback");
    };
    const [found] = await Promise.all([marks, later()]);
    expect(Object.keys(found)).toEqual(["dispatch_office"]);

    await holder.query("begin; lock table dispatch_office");
    const broken = marksToBegin(deps, [practices], shape);
    const end = `select count(pg_terminate_backend(pid))::integer as ended from pg_locks
      where not granted and relation = 'dispatch_office'::regclass`;
    const ending = eventually(() => holder.query<{ ended: number }>(end), {
      until: ({ rows }) => rows[0]?.ended === 1,
    });
    const [result] = await Promise.allSettled([broken, ending]);
    expect(result.status, "the run begins later").toBe("rejected");
  });
});
