import { eventually } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Arena,
  beginWithoutLoaders,
  breakable,
  expectTheSame,
  extraAttempts,
  openArena,
  servers,
} from "./arena.ts";
import { heldUpAt, hold } from "./hold.ts";
import { type Lines, overLines } from "./line.ts";

describe.skipIf(!breakable)("a server that is away", () => {
  let arena: Arena;
  const stack = overLines(servers);
  let lines: Lines;
  beforeAll(async () => {
    arena = await openArena(
      {
        sample: { scale: 0.01, seed: 17 },
        env: { BATCH_ROWS: "100", LEGACY_STATEMENT_MS: "500" },
      },
      stack,
    );
    lines = stack.lines();
  }, 120_000);
  afterAll(() => arena.journey.close());

  it("as the source costs no attempt", async () => {
    const { journey } = arena;
    const runId = await beginWithoutLoaders(journey);
    const loader = await journey.start("loader");
    await lines.legacy.cut();
    await loader.waitForLine({ msg: "a server is away, the batch waits" });
    await lines.legacy.mend();
    await expectTheSame(arena, runId, 60_000);
    expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
  });

  it("as the target costs no attempt", async () => {
    const { journey } = arena;
    const runId = await beginWithoutLoaders(journey);
    const table = await hold(journey.target, "lock table public.cases in share mode");
    const loader = await journey.start("loader");
    await heldUpAt(journey.target, "loader", "public.cases");
    await lines.target.cut();
    await loader.waitForLine({ msg: "a server is away, the batch waits" });
    await table.release();
    await lines.target.mend();
    await expectTheSame(arena, runId, 60_000);
    expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
  });

  it("as the source's table, locked for ever, fails its batches with a code, and its children stay shut", async () => {
    const { journey } = arena;
    const runId = await beginWithoutLoaders(journey);
    const table = await hold(journey.legacy, "lock table dispatch_project in access exclusive mode");
    await journey.start("loader");
    const entity = async (name: string) => {
      const { rows } = await journey.target.query<{ status: string; error_code: string | null }>(
        "select status, error_code from migration.run_entities where run_id = $1 and entity = $2",
        [runId, name],
      );
      return rows[0];
    };
    expect(
      await eventually(() => entity("cases"), { until: (is) => is?.status === "blocked", within: 60_000 }),
    ).toEqual({
      status: "blocked",
      error_code: "no_failed_batch",
    });
    const { rows } = await journey.target.query(
      `select distinct status, attempts, error_code from migration.batches where run_id = $1 and entity = 'cases'`,
      [runId],
    );
    expect(rows).toEqual([{ status: "failed", attempts: 5, error_code: "57014" }]);
    for (const child of ["projects", "case_states"])
      expect((await entity(child))?.status, child).toBe("planned");
    await table.release();
  });
});
