import { entitiesIn } from "@nexus/shared/ledger";
import { runningRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { extractorUnderTest, runOf } from "./extractor.fixture.ts";
import { planNext } from "./plan.ts";
import type { Deps } from "./deps.ts";

/** Two rows a batch, fifty batches a chunk. */
const CHUNK_ROWS = 100;

let deps: Deps;

beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  await runningRun(deps.target, ["practices"]);
});

async function offices(sql: string): Promise<void> {
  await deps.legacy.query(`insert into dispatch_office ${sql}`);
}

/** Plans to the end. Returns the ranges, and how many steps it took. */
async function plan(): Promise<{ ranges: unknown[][]; steps: number }> {
  const run = await runOf(deps);
  let steps = 0;
  while (await planNext(deps, run)) steps += 1;
  expect(await entitiesIn(deps.target, run.id, ["planned"])).toEqual(["practices"]);
  const { rows } = await deps.target.query<{ after: number; to: number; expected: number }>(
    `select nullif(after_key, -9223372036854775808) as after, to_key as "to", expected from migration.batches order by seq`,
  );
  return { ranges: rows.map(({ after, to, expected }) => [after, to, expected]), steps };
}

describe("the ranges of a plan", () => {
  it("are (previous, to] of equal row counts, from before the first key to the last, whatever gaps there are", async () => {
    await offices("values (-7), (-1), (0), (3), (1000), (2147483647)");
    await offices("values (5)");
    expect((await plan()).ranges).toEqual([
      [null, -1, 2],
      [-1, 3, 2],
      [3, 1000, 2],
      [1000, 2147483647, 1],
    ]);
  });

  it("of an empty table are none", async () => {
    expect(await plan()).toEqual({ ranges: [], steps: 1 });
  });

  it("of as many rows as a step takes end with a step that finds none", async () => {
    await offices(`select generate_series(1, ${CHUNK_ROWS})`);
    const { ranges, steps } = await plan();
    expect([ranges.length, steps]).toEqual([50, 2]);
    expect(ranges.at(-1)).toEqual([98, 100, 2]);
  });

  it("join without gap or overlap where a step ends", async () => {
    await offices(`select generate_series(1, ${3 * CHUNK_ROWS}, 3)`);
    await offices(`select generate_series(1000, ${1000 + CHUNK_ROWS})`);
    const { ranges, steps } = await plan();
    expect(steps).toBe(3);
    expect(ranges.slice(1).map(([after]) => after)).toEqual(
      ranges.slice(0, -1).map(([, to]) => to),
    );
    expect(ranges.reduce((sum, [, , expected]) => sum + Number(expected), 0)).toBe(201);
  });

  it("leave rows that were added beyond the last one to the next run", async () => {
    await offices("values (1), (2), (3)");
    const { ranges } = await plan();
    await offices("values (4), (5)");
    expect((await plan()).ranges).toEqual(ranges);
    expect(ranges.at(-1)).toEqual([2, 3, 1]);
  });

  it("are made once where two extractors plan at the same time", async () => {
    await offices(`select generate_series(1, ${2 * CHUNK_ROWS})`);
    const run = await runOf(deps);
    const all = async (): Promise<void> => {
      while (await planNext(deps, run));
    };
    await Promise.all([all(), all()]);
    const { ranges } = await plan();
    expect(ranges.map(([, to]) => to)).toEqual(Array.from({ length: 100 }, (_, n) => 2 * n + 2));
  });
});
