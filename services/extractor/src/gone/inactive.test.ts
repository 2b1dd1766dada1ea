import { progressOf, recordPlan, setLimits } from "@nexus/shared/ledger";
import { runningRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import type { Deps } from "../deps.ts";
import { extractorUnderTest, runOf } from "../extractor.fixture.ts";
import { settle } from "../settle.ts";

const BEGINNING = { cursor: "-9223372036854775808" };
const PRACTICE = "00000000-0000-4000-8000-00000000000a";

let deps: Deps;

/** Twenty memberships in source and target, all active; a run in which they are still to be settled. */
beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  await deps.legacy.query(
    "create table dispatch_office_doctors (id integer primary key); insert into dispatch_office_doctors select generate_series(1, 20)",
  );
  await deps.target.query(
    `insert into public.practices (id, legacy_id, name) values ('${PRACTICE}', 1, 'a');
     insert into public.profiles (legacy_id) select generate_series(1, 20);
     insert into public.practice_members (legacy_id, practice_id, profile_id, is_active)
       select legacy_id, '${PRACTICE}', id, true from public.profiles`,
  );
  await planned();
});

async function planned(): Promise<void> {
  const runId = await runningRun(deps.target, ["practice_members"]);
  await recordPlan(deps.target, runId, "practice_members", BEGINNING, [], true);
  await deps.target.query(
    "update migration.run_entities set status = 'loading' where status = 'planned'",
  );
}

async function members() {
  const [progress] = await progressOf(deps.target, (await runOf(deps)).id);
  const { rows } = await deps.target.query<{ id: number }>(
    "select legacy_id as id from public.practice_members where not is_active order by 1",
  );
  const gone = await deps.target.query<{ id: number }>(
    "select legacy_id as id from migration.gone_rows order by 1",
  );
  const ids = (found: { rows: { id: number }[] }): number[] => found.rows.map(({ id }) => id);
  return {
    status: progress?.status,
    errorCode: progress?.errorCode,
    gone: ids(gone),
    inactive: ids({ rows }),
  };
}

describe("memberships that are gone from the source", () => {
  it("are found, counted and made inactive", async () => {
    await deps.legacy.query("delete from dispatch_office_doctors where id in (3, 20)");
    await settle(deps, await runOf(deps));
    expect(await members()).toEqual({
      status: "complete",
      errorCode: null,
      gone: [3, 20],
      inactive: [3, 20],
    });
    const [progress] = await progressOf(deps.target, (await runOf(deps)).id);
    expect(progress).toMatchObject({ gone: 2 });
  });

  it("are none where the source has them all, and what it gains meanwhile is not taken for gone", async () => {
    await deps.legacy.query("insert into dispatch_office_doctors values (21), (22)");
    await settle(deps, await runOf(deps));
    expect(await members()).toEqual({
      status: "complete",
      errorCode: null,
      gone: [],
      inactive: [],
    });
  });

  it("are forgotten by the next run when the source has them again", async () => {
    await deps.legacy.query("delete from dispatch_office_doctors where id = 3");
    await settle(deps, await runOf(deps));
    await deps.target.query("update migration.runs set status = 'completed'");
    await deps.legacy.query("insert into dispatch_office_doctors values (3)");
    await planned();
    await settle(deps, await runOf(deps));
    expect(await members()).toMatchObject({ status: "complete", gone: [] });
  });

  it.each([
    ["all", "true"],
    ["more than half", "id > 8"],
    ["more than ten and than a tenth", "id > 9"],
  ])(
    "stop the entity when they are %s: the source may only not show them",
    async (_, condition) => {
      await deps.legacy.query(`delete from dispatch_office_doctors where ${condition}`);
      await settle(deps, await runOf(deps));
      expect(await members()).toMatchObject({
        status: "blocked",
        errorCode: "rows_gone_from_source",
        inactive: [],
      });
    },
  );

  it("are compared anew when a person has looked, and believed once that is said", async () => {
    await deps.legacy.query("alter table dispatch_office_doctors rename to elsewhere");
    await deps.legacy.query("create table dispatch_office_doctors (id integer primary key)");
    await settle(deps, await runOf(deps));
    await deps.legacy.query(
      "insert into dispatch_office_doctors select id from elsewhere where id > 15",
    );
    await setLimits(deps.target, (await runOf(deps)).id, "practice_members", { gonePercent: 100 });
    await settle(deps, await runOf(deps));
    expect(await members()).toMatchObject({
      status: "complete",
      inactive: Array.from({ length: 15 }, (_, n) => n + 1),
    });
  });

  it("cannot be told while the source is locked: the entity waits, with a code", async () => {
    await deps.legacy.query("delete from dispatch_office_doctors where id = 3");
    const holder = await deps.legacy.connect();
    await holder.query("begin; lock table dispatch_office_doctors in access exclusive mode");
    await settle(deps, await runOf(deps));
    expect(await members()).toMatchObject({ status: "settling", errorCode: "55P03", inactive: [] });
    await holder.query("rollback");
    holder.release();
    await settle(deps, await runOf(deps));
    expect(await members()).toMatchObject({ status: "complete", inactive: [3] });
  });
});
