/** A rollback whose extractor is killed, ten times over, ends with the former content of every table. */
import { openClient } from "@nexus/contract";
import { mutate } from "@nexus/local/sample";
import type { ServiceProcess } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiHere } from "../api-here.ts";
import { type Journey, openJourney } from "../journey.ts";
import { askBack, contents, did, over } from "../rolled-back.ts";
import { breakable, servers } from "./arena.ts";
import { heldUp, hold } from "./hold.ts";

const KILLS = 10;

interface Point {
  readonly record: number;
  readonly table: string;
  readonly row: string;
}

// Needs real servers that a test may kill: embedded ones live in its own process.
describe.skipIf(!breakable)("an extractor that is killed while it rolls back", () => {
  let journey: Journey;
  beforeAll(async () => {
    journey = await openJourney(servers, {
      sample: { scale: 0.01 },
      env: { BATCH_ROWS: "20" },
      extractors: 0,
      loaders: 2,
    });
  });
  afterAll(() => journey.close());

  /** Records of undo all over the run, in the order in which they are taken back, each with a row that it is about. */
  async function points(runId: number): Promise<readonly Point[]> {
    const { rows } = await journey.target.query<Point>(
      `select u.id as record, u.entity as "table", (u.inserted || u.updated)[1]::text as row
       from migration.undo u join migration.run_entities e on e.run_id = u.run_id and e.entity = u.entity
       where u.run_id = $1 order by e.position desc, u.id desc`,
      [runId],
    );
    return Array.from(
      { length: KILLS },
      (_, n) => rows[Math.floor((n * rows.length) / KILLS)],
    ).flatMap((point) => point ?? []);
  }

  /** Kills it where it waits: for the row that it will take back, or for the mark that it has. */
  async function killAt(extractor: ServiceProcess, point: Point, n: number): Promise<void> {
    const { target } = journey;
    const { record, table, row } = point;
    const held =
      n % 2 === 0
        ? await hold(target, "select from migration.undo where id = $1 for update", [record])
        : await hold(target, `select from public.${table} where id = $1 for update`, [row]);
    await heldUp(target, "extractor", n % 2 === 0 ? "set undone_at" : "for update");
    await extractor.kill("SIGKILL");
    await held.release();
  }

  it.for(["first run", "run over changes"])(
    "ends a %s as if it had not been",
    async (what, context) => {
      const { target, stack } = journey;
      const api = openClient({ url: (await startApiHere(context, stack)).url });
      let extractor = await journey.start("extractor");
      if (what !== "first run") {
        await journey.completed(await journey.begin());
        await mutate({ url: stack.legacyUrl, seed: 3, share: 0.2, shape: "real" });
      }
      const before = await contents(target);
      const runId = await journey.begin();
      await journey.completed(runId);
      expect(await contents(target)).not.toEqual(before);
      await extractor.kill("SIGTERM");

      const at = await points(runId);
      expect(at).toHaveLength(KILLS);
      const rollback = await askBack(api, runId);
      for (const [n, point] of at.entries()) {
        extractor = await journey.start("extractor");
        await killAt(extractor, point, n);
      }
      extractor = await journey.start("extractor");
      const back = await over(api, rollback);
      await extractor.kill("SIGTERM");
      expect(back.status).toBe("done");
      expect(Object.values(did(back))).toEqual(
        Object.values(did(back)).map(() => expect.objectContaining({ left: {} })),
      );
      expect(await contents(target)).toEqual(before);
    },
  );
});
