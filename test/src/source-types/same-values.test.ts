/** Columns of other types than usual: what holds exactly the same values is read exactly the same. */
import { makeSample } from "@nexus/local/sample";
import type { Pool } from "@nexus/shared/database";
import { startPostgres } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sameValues } from "./alterations.ts";
import { alter, openSource, type Outcomes, outcomesOf, rolledBack } from "./reading.ts";

const postgres = await startPostgres();
afterAll(async () => {
  if (postgres.found) await postgres.stop();
});

let legacy: Pool;

describe.skipIf(!postgres.found).each(["real", "reported"] as const)(
  "a source of the %s shape",
  (shape) => {
    let usual: Outcomes;

    beforeAll(async () => {
      if (!postgres.found) return;
      const url = await postgres.database(shape);
      legacy = openSource(url);
      await makeSample({ url, scale: 0.005, seed: 7, shape });
      usual = await rolledBack(legacy, (tx) => outcomesOf(tx));
      expect(Object.values(usual).every((rows) => rows.length > 0)).toBe(true);
    }, 60_000);
    afterAll(() => legacy?.end());

    it.each(sameValues[shape])("with $columns of type $to is read as it is", async (alteration) => {
      const read = await rolledBack(legacy, async (tx) => {
        await alter(tx, alteration);
        return await outcomesOf(tx, "UTC");
      });
      for (const [entity, rows] of Object.entries(usual))
        expect(read[entity], entity).toEqual(rows);
    });
  },
);
