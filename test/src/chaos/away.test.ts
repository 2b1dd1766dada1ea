import { eventually, type ServiceProcess } from "@nexus/shared/testing";
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

/** Waits until a loader says that a batch waits: for a server that is away, or after its connection broke. */
async function aBatchWaits(loader: ServiceProcess): Promise<void> {
  const said = /^(a server is away, the batch waits|the connection broke under a batch, it waits)$/;
  await eventually(() => loader.logs().some(({ msg }) => said.test(String(msg))));
}

// Needs real servers that a test may kill and cut off: embedded ones live in its own process.
describe.skipIf(!breakable)("a server that is away", () => {
  let arena: Arena;
  const stack = overLines(servers);
  let lines: Lines;
  beforeAll(async () => {
    arena = await openArena(
      {
        sample: { scale: 0.01, seed: 17 },
        env: { BATCH_ROWS: "100", LEGACY_STATEMENT_MS: "500", TARGET_STATEMENT_MS: "3000" },
      },
      stack,
    );
    lines = stack.lines();
  });
  afterAll(() => arena.journey.close());

  it("as the source costs no attempt", async () => {
    const { journey } = arena;
    const runId = await beginWithoutLoaders(journey);
    const table = await hold(
      journey.legacy,
      "lock table dispatch_project in access exclusive mode",
    );
    const loader = await journey.start("loader");
    await heldUpAt(journey.legacy, "loader", "dispatch_project");
    await lines.legacy.cut();
    await aBatchWaits(loader);
    await table.release();
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
    await aBatchWaits(loader);
    await table.release();
    await lines.target.mend();
    await expectTheSame(arena, runId, 60_000);
    expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
  });

  it("as a locked table of the source costs no attempt, however long: its children stay shut, and it goes on", async () => {
    const { journey } = arena;
    const runId = await beginWithoutLoaders(journey);
    const table = await hold(
      journey.legacy,
      "lock table dispatch_project in access exclusive mode",
    );
    const loader = await journey.start("loader");
    await loader.waitForLine({ code: "55P03", entity: "cases" });
    const held =
      "select from migration.holds where code = '55P03' and seen_at - since > interval '4 s'";
    await eventually(async () => (await journey.target.query(held)).rowCount, {
      until: (count) => count === 1,
    });
    const { rows } = await journey.target.query(
      "select entity, status from migration.run_entities where run_id = $1 and entity in ('cases', 'projects', 'case_states') order by position",
      [runId],
    );
    expect(rows).toEqual([
      { entity: "cases", status: "loading" },
      { entity: "projects", status: "planned" },
      { entity: "case_states", status: "planned" },
    ]);
    await table.release();
    await expectTheSame(arena, runId, 60_000);
    expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
  });

  it("as connections that stay open and carry nothing is noticed, and costs nothing", async () => {
    const { journey } = arena;
    const runId = await beginWithoutLoaders(journey);
    const table = await hold(journey.target, "lock table public.cases in share mode");
    const loader = await journey.start("loader");
    await heldUpAt(journey.target, "loader", "public.cases");
    expect(
      lines.target.swallow() + lines.legacy.swallow(),
      "connections that were open",
    ).toBeGreaterThan(2);
    await table.release();
    const ours = [journey.target, journey.legacy].flatMap((pool) => [pool, pool, pool]); // They were swallowed, too.
    await eventually(() => Promise.all(ours.map((pool) => pool.query("select 1"))), {
      within: 60_000,
    });
    await expectTheSame(arena, runId, 90_000);
    expect(loader.output()).toContain("SESSION_SILENT");
  });
});
