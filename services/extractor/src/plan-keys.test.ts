import { inTransaction, type Pool } from "@nexus/shared/database";
import { freshTarget, runningRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { planKeys } from "./plan-keys.ts";

let target: Pool;
let run: number;

beforeEach(async (context) => {
  target = await freshTarget(context);
  run = await runningRun(target, ["cases"]);
});

async function plan(keys: readonly number[]): Promise<number> {
  const sql = "select key from unnest($3::bigint[]) key";
  return await inTransaction(target, (tx) => planKeys(tx, run, "cases", { sql, values: [keys] }));
}

describe("single keys", () => {
  it("are planned where no batch of the run holds them, a thousand in a batch", async () => {
    expect(await plan([])).toBe(0);
    expect(await plan([3, 1, 3, 2])).toBe(1);
    expect(await plan([2, 4])).toBe(1);
    const { rows } = await target.query(
      "select seq, keys, expected from migration.batches order by seq",
    );
    expect(rows).toEqual([
      { seq: 1, keys: [1, 2, 3], expected: 3 },
      { seq: 2, keys: [4], expected: 1 },
    ]);
    expect(await plan(Array.from({ length: 2_500 }, (_, n) => n + 10))).toBe(3);
  });

  it("are not as they were any more, of what a delta had left", async () => {
    const older = run;
    await target.query("update migration.runs set status = 'completed' where id = $1", [older]);
    run = await runningRun(target, ["cases"]);
    await target.query(
      `with b as (insert into migration.batches (run_id, entity, seq, after_key, to_key, expected, status)
         values ($1, 'cases', 1, 0, 10, 3, 'done') returning id)
       insert into migration.fingerprints (batch_id, run_id, entity, version, after_key, to_key, keys, hashes, sum, merged)
       select id, $1, 'cases', 'one', 0, 10, '{1,2,3}', '{1,1,1}', 3, true from b`,
      [older],
    );
    await target.query("update migration.run_entities set unchanged = 3 where run_id = $1", [run]);
    await plan([2, 7]);
    const { rows } = await target.query(
      "select unchanged from migration.run_entities where run_id = $1",
      [run],
    );
    expect(rows).toEqual([{ unchanged: 2 }]);
  });
});
