/** Parents that change while their children are loaded, and after: no child stays behind. */
import { requeue } from "@nexus/api/control";
import { entities, inDependencyOrder } from "@nexus/catalog";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { breakable, servers } from "./chaos/arena.ts";
import { heldUpAt } from "./chaos/hold.ts";
import { type Journey, openJourney } from "./journey.ts";

const catalog = inDependencyOrder(entities).map(({ name }) => name);
const by = { actor: "tester", reason: null };

// Needs real servers: locks are held by one session while others work.
describe.skipIf(!breakable)("a parent that moves to another practice", { timeout: 90_000 }, () => {
  let journey: Journey;
  beforeAll(async () => {
    journey = await openJourney(servers, { env: { BATCH_ROWS: "100" } });
  }, 60_000);
  afterAll(() => journey.close());

  it("takes the projects along that are being written", async () => {
    const { target, begin, completed } = journey;
    const mover = await target.connect();
    await mover.query("begin; lock table public.projects in share row exclusive mode");
    const runId = await begin();
    await heldUpAt(target, "loader", "public.projects");
    const moved = await mover.query(
      "update public.cases set practice_id = (select id from public.practices order by legacy_id desc limit 1)",
    );
    expect(moved.rowCount).toBeGreaterThan(1_000);
    await mover.query("commit");
    mover.release();
    await completed(runId);
    expect(await apart("projects")).toBe(0);
    expect(await apart("case_states")).toBe(0);
    const { rows } = await target.query(
      "select distinct passed, actual from migration.validations where name = 'rows_apart_from_their_case'",
    );
    expect(rows).toEqual([{ passed: true, actual: 0 }]);
  });

  it("takes its children along when only its own rows are tried again", async () => {
    const { legacy, target, begin, completed } = journey;
    await completed(await begin());
    expect(await casesApart()).toBe(0);
    const moved = await legacy.query(
      `update dispatch_patient set office_id = (select max(id) from dispatch_office) where id % 3 = 0`,
    );
    const started = await requeue(
      target,
      "patients",
      { scope: "all" },
      { codes: "{}", embeddings: true, dify: false },
      by,
      catalog,
    );
    if (started.kind !== "repair_started") throw new Error(started.kind);
    const progress = await completed(started.runId);
    expect(moved.rowCount).toBeGreaterThan(10);
    expect(await casesApart()).toBe(0);
    expect([await apart("projects"), await apart("case_states")]).toEqual([0, 0]);
    expect(progress.map(({ entity, status }) => [entity, status])).toEqual([
      ["patients", "complete"],
      ["cases", "complete"],
    ]);
    const marks = await target.query("select from migration.moved_parents");
    expect(marks.rowCount).toBe(0);
  });

  it("changes nothing for others: a run that moves nobody loads nothing twice", async () => {
    const { target, begin, completed } = journey;
    await completed(await begin());
    const runId = await begin();
    await completed(runId);
    const again = await target.query(
      "select from migration.batches where run_id = $1 and (generation > 1 or inserted + updated > 0)",
      [runId],
    );
    expect(again.rowCount).toBe(0);
  });

  async function apart(table: string): Promise<number> {
    const { rowCount } = await journey.target.query(
      `select from public.${table} t join public.cases c on c.id = t.case_id where t.practice_id is distinct from c.practice_id`,
    );
    return rowCount ?? 0;
  }

  async function casesApart(): Promise<number> {
    const { rowCount } = await journey.target.query(
      `select from public.cases c join public.patients p on p.id = c.patient_id
       where p.practice_id is not null and c.practice_id is distinct from p.practice_id`,
    );
    return rowCount ?? 0;
  }
});
