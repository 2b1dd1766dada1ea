/** What the target has seen of the source for certain: never more than is so. */
import { beforeEach, describe, expect, it } from "vitest";
import type { Pool } from "@nexus/shared/database";
import type { RunStatus } from "@nexus/shared/states";
import { freshLedger, seedRun } from "@nexus/shared/testing";
import { lagOf } from "./sync-lag.ts";

const NAMES = ["cases", "projects"];
let target: Pool;

beforeEach(async (context) => {
  ({ target } = await freshLedger(context));
  await compared("completed");
});

/** A run of both, which has compared all of them. */
async function compared(status: RunStatus): Promise<void> {
  const complete = { status: "complete" } as const;
  await seedRun(target, { status, entities: { cases: complete, projects: complete } });
  await target.query("update migration.run_entities set gone_compared_at = now()");
}

/** The runs that vouch for cases and projects, after `sql`. */
async function vouch(sql: string): Promise<unknown[]> {
  await target.query(sql);
  return (await lagOf(target, NAMES)).map(({ runId }) => runId);
}

const PARENT = "(child, parent, parent_id) values ('projects', 'cases', gen_random_uuid())";

describe("the lag of an entity", () => {
  const age = (seconds: number) =>
    target.query(
      `update migration.runs set created_at = created_at - interval '${seconds} s' where id = (select max(id) from migration.runs)`,
    );
  const lag = async () =>
    (await lagOf(target, [...NAMES, "patients"])).map(({ runId, seconds }) => [
      runId,
      seconds === null ? null : Math.floor(seconds / 20) * 20,
    ]);

  it("is the age of the newest run that compared all of it, by when that was asked for", async () => {
    await age(300);
    const entities = { cases: { status: "complete" }, projects: { status: "blocked" } } as const;
    await seedRun(target, { status: "completed", entities });
    await age(60);
    const nothing = [null, null];
    // A repair: it has compared nothing.
    expect(await lag()).toEqual([[1, 300], [1, 300], nothing]);
    await target.query(
      "update migration.run_entities set gone_compared_at = now() where run_id = 2",
    );
    expect(await lag()).toEqual([[2, 60], [1, 300], nothing]);
    await target.query("update migration.run_entities set status = 'rolled_back' where run_id = 2");
    expect(await lag()).toEqual([[1, 300], [1, 300], nothing]);
  });
});

describe("the run that vouches for an entity", () => {
  it("may be one that goes on, unless something of the entity is left to its end", async () => {
    await compared("running");
    expect(await vouch("")).toEqual([2, 2]);
    const policy = "update migration.run_entities set gone_policy";
    expect(await vouch(`${policy} = 'delete' where entity = 'cases'`)).toEqual([1, 2]);
    expect(await vouch(`${policy} = 'archive'`)).toEqual([1, 1]);
    expect(await vouch(`${policy} = 'report'`)).toEqual([2, 2]);
    expect(await vouch(`insert into migration.moved_parents ${PARENT}`)).toEqual([2, 1]);
    expect(await vouch("update migration.moved_parents set run_id = 2")).toEqual([2, 2]);
    const archived = `insert into migration.archived_rows (entity, id, legacy_id, run_id, marked)
      values ('cases', gen_random_uuid(), 7, 1, true)`;
    expect(await vouch(archived)).toEqual([1, 2]);
    const gone = `insert into migration.gone_rows (entity, legacy_id, found_run, run_id) values ('cases', 7, 1, 2)`;
    expect(await vouch(gone)).toEqual([2, 2]);
    expect(await vouch(`delete from migration.gone_rows; ${policy} = 'delete'`)).toEqual([1, 1]);
    expect(await vouch("update migration.runs set status = 'completed'")).toEqual([2, 2]);
  });

  it.each(["open", "cancelled", "failed"])(
    "is not one of which a rollback that is %s may have taken back a part",
    async (status) => {
      await compared("completed");
      const asked = `insert into migration.rollbacks (run_id, kind, status, entities, actor, finished_at)`;
      const finished = status === "open" ? "null" : "now()";
      const of = (kind: string, entities: string): string =>
        `truncate migration.rollbacks cascade; ${asked} values (2, '${kind}', '${status}', ${entities}, 'sam', ${finished})`;
      expect(await vouch(of("plan", "null"))).toEqual([2, 2]);
      expect(await vouch(of("rollback", "null"))).toEqual([1, 1]);
      expect(await vouch(of("rollback", `'["cases"]'`))).toEqual([1, 2]);
      // Rows that follow their case have gone back with it.
      expect(await vouch(`insert into migration.moved_parents ${PARENT}`)).toEqual([1, 1]);
    },
  );
});
