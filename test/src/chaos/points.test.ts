import { eventually, type ServiceProcess } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Arena,
  attemptsUnderWay,
  beginWithoutLoaders,
  breakable,
  expectTheSame,
  extraAttempts,
  openArena,
  servers,
  standing,
} from "./arena.ts";
import { heldUp, heldUpAt, hold } from "./hold.ts";
import { type Lines, overLines } from "./line.ts";
import { unexpectedErrors } from "./server-log.ts";

// Needs real servers that a test may kill and cut off: embedded ones live in its own process.
/** Every point of a batch's story at which a lock can make the loader wait. Cases: they have parents and content. */
describe.skipIf(!breakable)("a loader that is killed", () => {
  let arena: Arena;
  const stack = overLines(servers);
  let lines: Lines;
  beforeAll(async () => {
    arena = await openArena(
      {
        sample: { scale: 0.01, seed: 11, dirt: "dangling" },
        env: {
          BATCH_ROWS: "100",
          LOADER_CONCURRENCY: "1",
          QUEUE_LOCK_MS: "1000",
          QUEUE_STALLED_MS: "500",
          TARGET_IDLE_MS: "1500",
        },
      },
      stack,
    );
    lines = stack.lines();
  });
  afterAll(() => arena.journey.close());

  async function expectRecovery(runId: number, attempts: number): Promise<void> {
    await arena.journey.start("loader");
    await expectTheSame(arena, runId, 60_000);
    expect(await extraAttempts(arena.journey, runId), "attempts spent").toBe(attempts);
  }

  /** A loader that waits for the legacy table of cases; what it has begun is their first batch. */
  async function reading(): Promise<{
    loader: ServiceProcess;
    runId: number;
    read: () => Promise<void>;
  }> {
    const { journey } = arena;
    const runId = await beginWithoutLoaders(journey);
    const table = await hold(
      journey.legacy,
      "lock table dispatch_project in access exclusive mode",
    );
    const loader = await journey.start("loader");
    await heldUpAt(journey.legacy, "loader", "dispatch_project");
    return { loader, runId, read: () => table.release() };
  }

  /** A loader that waits inside its transaction to write to a table of the target; reading it, as preflight does, is free. */
  async function writing(
    table: string,
  ): Promise<{ loader: ServiceProcess; runId: number; write: () => Promise<void> }> {
    const { journey } = arena;
    const runId = await beginWithoutLoaders(journey);
    const held = await hold(journey.target, `lock table ${table} in share mode`);
    const loader = await journey.start("loader");
    await heldUpAt(journey.target, "loader", table);
    return { loader, runId, write: () => held.release() };
  }

  it("while it counts its attempt loses nothing", async () => {
    const { journey } = arena;
    const { loader, runId, read } = await reading();
    const rows = await hold(
      journey.target,
      "select from migration.batches where run_id = $1 and entity = 'cases' and status = 'queued' and attempts = 0 for update",
      [runId],
    );
    await read();
    await heldUp(journey.target, "loader", "attempts = attempts + gate.open");
    await loader.kill("SIGKILL");
    await rows.release();
    await expectRecovery(runId, 1);
  });

  it("while it reads loses nothing", async () => {
    const { loader, runId, read } = await reading();
    await loader.kill("SIGKILL");
    await read();
    await expectRecovery(runId, 1);
  });

  it("between reading and its transaction's first lock loses nothing", async () => {
    const { journey } = arena;
    const { loader, runId, read } = await reading();
    const rows = await hold(
      journey.target,
      "select from migration.batches where run_id = $1 and entity = 'cases' and attempts = 1 for update",
      [runId],
    );
    await read();
    await heldUp(journey.target, "loader", "for update of b");
    await loader.kill("SIGKILL");
    await rows.release();
    await expectRecovery(runId, 1);
  });

  it("inside its transaction, before it writes, loses nothing", async () => {
    const { loader, runId, write } = await writing("public.cases");
    await loader.kill("SIGKILL");
    await write();
    await expectRecovery(runId, 1);
  });

  it("inside its transaction, when its rows are written, loses nothing", async () => {
    const { loader, runId, write } = await writing("migration.content_events");
    const underWay = await attemptsUnderWay(arena.journey, runId); // Siblings may wait there together.
    await loader.kill("SIGKILL");
    await write();
    await expectRecovery(runId, underWay);
  });

  it("after the commit, before the queue hears of it, does nothing twice", async () => {
    const { journey } = arena;
    const { loader, runId, write } = await writing("public.cases");
    const { done } = await standing(journey, runId);
    await lines.queue.cut();
    await write();
    await eventually(async () => (await standing(journey, runId)).done > done);
    await loader.kill("SIGKILL");
    await lines.queue.mend();
    await expectRecovery(runId, 0);
  });

  it("never, but frozen inside its transaction, holds up the others no longer than a bound", async () => {
    const { journey } = arena;
    const { loader, runId, write } = await writing("public.cases");
    process.kill(loader.pid, "SIGSTOP");
    await write();
    try {
      await expectRecovery(runId, 1);
    } finally {
      process.kill(loader.pid, "SIGCONT");
    }
    await loader.waitForLine({ level: "warn" });
    expect(await extraAttempts(journey, runId), "attempts spent after it thawed").toBe(1);
  });

  it("leaves no error in PostgreSQL's log", () => {
    expect(unexpectedErrors(arena.journey.stack)).toEqual([]);
  });
});
