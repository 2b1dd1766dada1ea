import { expect, it } from "vitest";
import { freshTarget } from "../testing/fresh-target.ts";
import { seedRun } from "../testing/seed-run.ts";
import { forgetUndo } from "./undo.ts";

it("what runs had kept is forgotten when its time is over, in portions, but not what is being rolled back", async (context) => {
  const target = await freshTarget(context);
  const runs: number[] = [];
  for (const days of [40, 31, 1]) {
    const id = await seedRun(target, { status: "completed", entities: {} });
    runs.push(id);
    await target.query(
      `update migration.runs set undo = 'kept', finished_at = now() - make_interval(days => $2) where id = $1`,
      [id, days],
    );
    await target.query(
      `insert into migration.undo (run_id, entity, xid) select $1, 'practices', n from generate_series(1, 150) n`,
      [id],
    );
  }
  const [oldest, old, young] = runs;
  await target.query(
    `insert into migration.rollbacks (run_id, kind, actor) values ($1, 'rollback', 'x')`,
    [old],
  );
  const kept = async (): Promise<unknown[]> => {
    const { rows } = await target.query(
      `select r.id, r.undo, (select count(*) from migration.undo u where u.run_id = r.id) as records from migration.runs r order by id`,
    );
    return rows;
  };
  expect(await forgetUndo(target, 30)).toEqual({ forgotten: 150, more: false });
  expect(await kept()).toEqual([
    { id: oldest, undo: "purged", records: 0 },
    { id: old, undo: "kept", records: 150 },
    { id: young, undo: "kept", records: 150 },
  ]);
  await target.query(`update migration.rollbacks set status = 'done'`);
  expect(await forgetUndo(target, 0)).toEqual({ forgotten: 200, more: true });
  expect(await forgetUndo(target, 0)).toEqual({ forgotten: 100, more: false });
  expect(await forgetUndo(target, 0)).toEqual({ forgotten: 0, more: false });
});
