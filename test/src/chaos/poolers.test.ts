/** A pooler that gives fewer connections than are asked for: whoever is refused waits, and nothing is the batch's fault. */
import { eventually } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  alive,
  type Arena,
  beginAnew,
  breakable,
  committed,
  expectTheSame,
  extraAttempts,
  openArena,
  servers,
  standing,
} from "./arena.ts";
import { overLines } from "./line.ts";

/** Supavisor's words, of which no other code tells. */
const SAYS =
  "MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited to pool_size";

// Needs real servers that a test may kill and cut off: embedded ones live in its own process.
describe.skipIf(!breakable)("a pooler that has no connection left", () => {
  let arena: Arena;
  const stack = overLines(servers);
  beforeAll(async () => {
    arena = await openArena(
      {
        sample: { scale: 0.005, seed: 31 },
        run: { only: ["practices", "profiles", "patients", "cases"] },
        env: { BATCH_ROWS: "40" },
      },
      stack,
    );
  });
  afterAll(() => arena.journey.close());

  it("before the source lets processes share what it gives", async () => {
    const { journey } = arena;
    for (const service of await alive(journey)) await service.kill("SIGTERM");
    stack.lines().legacy.limit(2, SAYS);
    await Promise.all([
      journey.start("extractor"),
      journey.start("loader"),
      journey.start("loader"),
    ]);
    const runId = await beginAnew(journey);
    await eventually(() => standing(journey, runId), {
      until: ({ over }) => over,
      within: 300_000,
    });
    stack.lines().legacy.limit(1_000, SAYS); // Whoever compares needs a connection, too.
    await expectTheSame(arena, runId, 90_000);
    expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
  });

  it("before the target is waited for, and named", async () => {
    const { journey } = arena;
    const { target } = stack.lines();
    const runId = await beginAnew(journey);
    await committed(journey, runId, 3);
    target.limit(1, SAYS);
    target.reset();
    const loaders = await alive(journey, "loader");
    const said = { msg: "a server is away, the batch waits", code: "no_connection_left" };
    await Promise.race(loaders.map((loader) => loader.waitForLine(said)));
    target.limit(1_000, SAYS);
    await expectTheSame(arena, runId, 90_000);
    expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
  });
});
