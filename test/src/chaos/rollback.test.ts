/** A rollback whose extractor is killed, ten times over, ends with the former content of every table. */
import { openClient } from "@nexus/contract";
import { mutate } from "@nexus/local/sample";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiHere } from "../api-here.ts";
import { type Journey, openJourney } from "../journey.ts";
import { askBack, contents, did, over } from "../rolled-back.ts";
import { breakable, servers } from "./arena.ts";
import { type Crew, openCrew } from "./failpoints/crew.ts";
import { PLAIN } from "./failpoints/stage.ts";

const KILLS = 10;

// Needs real servers that a test may kill: embedded ones live in its own process.
describe.skipIf(!breakable)("an extractor that is killed while it rolls back", () => {
  let journey: Journey;
  let crew: Crew;
  beforeAll(async () => {
    journey = await openJourney(servers, {
      sample: { scale: 0.01 },
      env: { BATCH_ROWS: "20" },
      extractors: 0,
      loaders: 0,
    });
    crew = openCrew(journey);
  });
  afterAll(async () => {
    await crew?.end();
    await journey?.close();
  });

  /** Lives all over the rollback: one ends before its last record is marked as taken back, the next one after that. */
  async function livesOver(runId: number): Promise<string[]> {
    const { rows } = await journey.target.query<{ records: number }>(
      "select count(*) as records from migration.undo where run_id = $1",
      [runId],
    );
    const each = Math.floor((rows[0]?.records ?? 0) / KILLS);
    return Array.from(
      { length: KILLS },
      (_, n) => `rollback.${n % 2 === 0 ? "unwound" : "committed"}@${each}`,
    );
  }

  it.for(["first run", "run over changes"])(
    "ends a %s as if it had not been",
    async (what, context) => {
      const { target, stack } = journey;
      const api = openClient({ url: (await startApiHere(context, stack)).url });
      await crew.man(PLAIN);
      if (what !== "first run") {
        await journey.completed(await journey.begin());
        await mutate({ url: stack.legacyUrl, seed: 3, share: 0.2, shape: "real" });
      }
      const before = await contents(target);
      const runId = await journey.begin();
      await journey.completed(runId);
      expect(await contents(target)).not.toEqual(before);

      await crew.man({ extractor: { service: "extractor", lives: await livesOver(runId) } });
      const back = await over(api, await askBack(api, runId));
      expect(crew.takeStrikes()).toHaveLength(KILLS);
      expect(back.status).toBe("done");
      expect(Object.values(did(back))).toEqual(
        Object.values(did(back)).map(() => expect.objectContaining({ left: {} })),
      );
      expect(await contents(target)).toEqual(before);
    },
  );
});
