import { beforeEach, describe, expect, it } from "vitest";
import type { Pool } from "@nexus/shared/database";
import { freshTarget, runningRun } from "@nexus/shared/testing";
import { keepRowVersions, suspects, takeOverRowVersions } from "./kept-versions.ts";

let target: Pool;

beforeEach(async (context) => {
  target = await freshTarget(context);
});

/** A run that begins with cases, when the groups 0 (keys 1 to 7), 1 (8 and 9) and 2 (key 16) are of these versions. */
async function next(versions: readonly number[], source = "here"): Promise<number> {
  const runId = await runningRun(target, ["cases"]);
  const pages = [
    { after: 0, places: "{0,1}", counts: "{7,2}", versions: `{${versions.slice(0, 2).join(",")}}` },
    { after: 15, places: "{2}", counts: "{1}", versions: `{${versions[2]}}` },
  ];
  await keepRowVersions(target, runId, "cases", { source, pages });
  return runId;
}

async function end(runId: number, status = "complete", cursor: number | string = 16) {
  await target.query(
    "update migration.run_entities set status = $2, cursor_key = $3 where run_id = $1",
    [runId, status, cursor],
  );
  await target.query("update migration.runs set status = 'completed' where id = $1", [runId]);
}

/** Fingerprints of these keys are known, each of them 100 times the key. */
async function know(runId: number, keys: readonly number[]): Promise<void> {
  const batch = await target.query<{ id: number }>(
    "insert into migration.batches (run_id, entity, seq, after_key, to_key, expected) values ($1, 'cases', 1, 0, 16, 10) returning id",
    [runId],
  );
  await target.query(
    `insert into migration.fingerprints (batch_id, run_id, entity, version, after_key, to_key, keys, hashes, sum, merged)
     select $1, $2, 'cases', 'v', 0, 16, $3::bigint[], array(select 100 * k from unnest($3::bigint[]) k), 0, true`,
    [batch.rows[0]?.id, runId, keys],
  );
}

const ALL = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16];

async function places(runId: number, limit = 10): Promise<readonly unknown[] | undefined> {
  const of = { runId, entity: "cases", version: "v", upTo: 16 };
  const found = await suspects(target, of, limit);
  return found?.map(({ place }) => place).toSorted();
}

describe("rows that may be other than they were", () => {
  it("are those of groups with another version, with what is known of them", async () => {
    const first = await next([10, 20, 30]);
    await know(first, ALL);
    await end(first);
    const second = await next([10, 21, 30]);
    const of = { runId: second, entity: "cases", version: "v", upTo: 16 };
    const [found, ...others] = (await suspects(target, of, 10)) ?? [];
    expect([found?.place, others]).toEqual([1, []]);
    const known = found?.keys.map((key, n) => [key, found.hashes[n], typeof found.ranges[n]]);
    expect(known?.toSorted()).toEqual([
      [8, 800, "number"],
      [9, 900, "number"],
    ]);
  });

  it("are those of which nothing is known, and those that are known and not there", async () => {
    const first = await next([10, 20, 30]);
    await know(first, [...ALL.filter((key) => key !== 3), 24]);
    await end(first);
    expect(await places(await next([10, 20, 30]))).toEqual([0, 3]);
  });

  it("are all, where other circumstances were known", async () => {
    const first = await next([10, 20, 30]);
    await know(first, ALL);
    await end(first);
    const runId = await next([10, 20, 30]);
    const of = { runId, entity: "cases", version: "other", upTo: 16 };
    expect(await suspects(target, of, 10)).toHaveLength(3);
    expect(await suspects(target, of, 2)).toHaveLength(2);
  });

  it("are not known where the run before did not complete the entity, though one before that did", async () => {
    const first = await next([10, 20, 30]);
    await know(first, ALL);
    await end(first);
    await end(await next([11, 20, 30]), "cancelled");
    expect(await places(await next([11, 20, 30]))).toBeUndefined();
  });

  it("are known after a repair, which plans no range, and not after a run that kept no versions", async () => {
    const first = await next([10, 20, 30]);
    await know(first, ALL);
    await end(first);
    await end(await runningRun(target, ["cases"]), "complete", "-9223372036854775808");
    const third = await next([10, 20, 31]);
    expect(await places(third)).toEqual([2]);
    await end(third);
    await end(await runningRun(target, ["cases"]));
    expect(await places(await next([10, 20, 31]))).toBeUndefined();
  });

  it("are not known on another server, or of other columns", async () => {
    const first = await next([10, 20, 30]);
    await know(first, ALL);
    await end(first);
    expect(await places(await next([10, 20, 30], "elsewhere"))).toBeUndefined();
  });
});

describe("versions of rows", () => {
  it("are those that the first extractor saw, whatever one sees that looks later, when rows may be compared already", async () => {
    const first = await next([10, 20, 30]);
    await know(first, ALL);
    await end(first);
    const second = await next([10, 20, 31]);
    const late = { after: 0, places: "{0,1,2}", counts: "{7,2,1}", versions: "{10,22,31}" };
    await keepRowVersions(target, second, "cases", { source: "here", pages: [late] });
    await end(second);
    expect(await places(await next([10, 22, 31]))).toEqual([1]);
  });

  it("are taken over where nothing was written, and of two runs at most", async () => {
    const first = await next([10, 20, 30]);
    await know(first, ALL);
    await end(first);
    const second = await runningRun(target, ["cases"]);
    expect(await takeOverRowVersions(target, second, "cases")).toBe(true);
    await end(second);
    const third = await next([10, 20, 31]);
    expect(await places(third)).toEqual([2]);
    await end(third);
    await end(await next([10, 20, 31]));
    const kept = await target.query("select distinct run_id from migration.row_versions");
    expect(kept.rowCount).toBe(2);
  });
});
