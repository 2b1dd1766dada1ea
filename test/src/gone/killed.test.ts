/** An extractor that is killed while it deletes gone rows leaves whole portions; the next one goes on, and a rollback gives everything back. */
import { openClient } from "@nexus/contract";
import { eventually } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiHere } from "../api-here.ts";
import { breakable, servers } from "../chaos/arena.ts";
import { heldUp, hold } from "../chaos/hold.ts";
import { type Journey, openJourney } from "../journey.ts";
import { contents, rolledBack } from "../rolled-back.ts";
import { verify } from "../verify.ts";
import { audited, beginBelieving, counted, goneRows, leave, policyOf } from "./gone-stack.ts";

const CHILDREN_FIRST = ["case_states", "projects", "cases", "patients"];

// Needs real servers: a test holds up what it kills by a lock of its own.
describe.skipIf(!breakable)("an extractor that is killed while it deletes gone rows", () => {
  let journey: Journey;

  beforeAll(async () => {
    journey = await openJourney(servers, {
      sample: { scale: 0.02 },
      env: { UNDO: "on", GONE_POLICY: policyOf("delete") },
      extractors: 0,
    });
  });
  afterAll(() => journey?.close());

  it("in each entity, leaves what the next one ends; two take turns", async (context) => {
    const { target } = journey;
    let extractor = await journey.start("extractor");
    await journey.completed(await journey.begin());
    const before = await contents(target);
    await leave(journey, 5);
    const key = (table: string): string => (table === "cases" ? "legacy_project_id" : "legacy_id");
    const runId = await beginBelieving(journey);
    let kills = 0;
    for (const table of CHILDREN_FIRST) {
      await eventually(
        async () =>
          (
            await target.query(
              "select from migration.run_entities where run_id = $1 and entity = $2 and status = 'complete' and gone > 0",
              [runId, table],
            )
          ).rowCount,
        { until: (found) => found === 1, within: 60_000, every: 5 },
      );
      const { rows } = await target.query<{ id: string }>(
        `select id::text as id from public.${table} where ${key(table)} in (select legacy_id from migration.gone_rows where entity = $1) limit 1`,
        [table],
      );
      // It may have been quicker, here or until the row is held: then there is nothing to be held up any more.
      const [row] = rows;
      if (row === undefined) continue;
      const held = await hold(target, `select from public.${table} where id = $1 for update`, [
        row.id,
      ]);
      const there = await target.query(`select from public.${table} where id = $1`, [row.id]);
      if (there.rowCount === 1) {
        await heldUp(target, "extractor", "for update of t");
        await extractor.kill("SIGKILL");
        kills++;
      }
      await held.release();
      if (there.rowCount === 1) extractor = await journey.start("extractor");
    }
    expect(kills).toBeGreaterThan(0);
    await journey.start("extractor");
    const found = counted(await journey.completed(runId));
    expect(Object.keys(found)).toEqual(CHILDREN_FIRST.toReversed());
    for (const [name, { gone, ...counts }] of Object.entries(found))
      expect(counts, name).toEqual({ archived: 0, deleted: gone, left: {} });
    expect(await goneRows(journey)).toEqual({});
    expect(await audited(journey, runId)).toEqual(
      CHILDREN_FIRST.map((name) => `delete_gone ${name} ${found[name]?.gone}`).toSorted(),
    );
    const { url } = await startApiHere(context, journey.stack);
    const api = openClient({ url });
    expect((await verify(api)).differences).toBe(0);
    await rolledBack(api, runId);
    expect(await contents(target)).toEqual(before);
  });
});
