import { entities, entityNamed } from "@nexus/catalog";
import { readSourceShape } from "@nexus/shared/database";
import { beginFingerprints } from "@nexus/shared/ledger";
import { runningRun, type TestContext } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { extractorUnderTest, runOf } from "../extractor.fixture.ts";
import type { Deps } from "../deps.ts";
import { beginPlanning } from "./known.ts";
import { rowVersions } from "./row-versions.ts";

const projects = entityNamed(entities, "projects");

let deps: Deps;

beforeEach(async (context: TestContext) => {
  const under = await extractorUnderTest(context);
  deps = { ...under, settings: { ...under.settings, fingerprints: "a mapping" } };
  await deps.legacy.query(
    `create table auth_user (id integer primary key);
     create table dispatch_project (id integer primary key, uid text, name text, type integer, status integer, size bigint,
       creator_id integer, created_at timestamptz);
     insert into auth_user select generate_series(1, 9);
     insert into dispatch_project (id, name, creator_id) select n, 'Project ' || n, n from generate_series(1, 40) n`,
  );
});

const take = async (entity = projects) =>
  await rowVersions(deps, entity, await readSourceShape(deps.legacy));

describe("the versions of a source's rows", () => {
  it("stay as they are, and so does what they are of, until a row is written", async () => {
    const first = await take();
    expect(first?.pages.map(({ places }) => places.split(",").length)).toEqual([
      expect.any(Number),
    ]);
    expect(await take()).toEqual(first);
    await deps.legacy.query(
      "update dispatch_project set name = name where id = (select min(id) from dispatch_project)",
    );
    const second = await take();
    expect(second?.source).toBe(first?.source);
    expect(second?.pages).not.toEqual(first?.pages);
  });

  it("are of other tables once a column has another name, or a table took another's place", async () => {
    const first = await take();
    await deps.legacy.query(
      "alter table dispatch_project rename status to former; alter table dispatch_project rename type to status; alter table dispatch_project rename former to type",
    );
    const second = await take();
    expect(second?.source).not.toBe(first?.source);
    await deps.legacy.query(
      "create table other (like auth_user including all); insert into other select * from auth_user; drop table auth_user cascade; alter table other rename to auth_user",
    );
    expect((await take())?.source).not.toBe(second?.source);
  });

  it("are not kept by who comes to an entity that somebody has begun without them", async () => {
    const runId = await runningRun(deps.target, ["projects"]);
    await beginFingerprints(deps.target, runId, {});
    await deps.target.query("update migration.run_entities set status = 'waiting'");
    const run = await runOf(deps);
    const kept = async () =>
      (await deps.target.query("select from migration.row_versions")).rowCount;
    const holder = await deps.legacy.connect();
    await holder.query("begin; lock table dispatch_project");
    expect(await beginPlanning(deps, run, projects)).toBe(true);
    await holder.query("rollback");
    holder.release();
    expect(await beginPlanning(deps, run, projects)).toBe(true);
    expect(await kept(), "rows may be compared already").toBe(0);
    await deps.target.query("update migration.run_entities set version = null");
    expect(await beginPlanning(deps, run, projects)).toBe(true);
    expect(await kept()).toBe(1);
  });

  it("are none where an entity does not say what its rows are read from, a view stands for a table, or a table is locked", async () => {
    expect(await take(entityNamed(entities, "practices"))).toBeUndefined();
    const holder = await deps.legacy.connect();
    await holder.query("begin; lock table dispatch_project");
    const shape = await readSourceShape(deps.legacy);
    expect(await rowVersions(deps, projects, shape)).toBeUndefined();
    await holder.query("rollback");
    holder.release();
    await deps.legacy.query(
      "alter table auth_user rename to users; create view auth_user as select * from users",
    );
    expect(await take()).toBeUndefined();
  });
});
