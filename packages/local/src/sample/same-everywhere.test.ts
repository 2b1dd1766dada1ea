import { PGlite } from "@electric-sql/pglite";
import { expect, it } from "vitest";
import type { Database } from "./database.ts";
import { makeSample, type SampleOptions } from "./make.ts";
import type { Shape } from "./script.ts";
import { fingerprint, openTrial } from "./trial-database.ts";

const shapes: Shape[] = ["real", "reported"];
/** PGlite takes seconds to start, and many more on a busy machine. */
const patience = 240_000;

/** PGlite's `exec` takes several statements, its `query` takes values. */
const asDatabase = (db: PGlite): Database => ({
  query: async (sql, values) =>
    values === undefined
      ? { rows: (await db.exec(sql)).at(-1)?.rows ?? [] }
      : db.query<Record<string, unknown>>(sql, values),
});

it(
  "is the same on PostgreSQL and PGlite, canaries and dangling links too",
  async (context) => {
    const postgres = await openTrial(context);
    const pglite = await PGlite.create();
    context.onTestFinished(() => pglite.close());
    await pglite.exec("set timezone to 'UTC'");
    for (const shape of shapes) {
      const dirtiest = { dirt: "dangling", markers: "canaries" } as const;
      const sample: SampleOptions = { shape, scale: 0.02, seed: 7, schema: shape, ...dirtiest };
      await makeSample({ ...sample, client: postgres });
      await makeSample({ ...sample, client: asDatabase(pglite) });
      expect(await fingerprint(asDatabase(pglite), shape)).toEqual(
        await fingerprint(postgres, shape),
      );
    }
  },
  patience,
);
