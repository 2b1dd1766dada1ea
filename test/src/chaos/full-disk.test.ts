/** The target's disk is really full, not only said to be: the file system has no page left. */
import { currentHolds } from "@nexus/shared/ledger";
import { eventually } from "@nexus/shared/testing";
import { describe, expect, it, onTestFinished, type TestContext } from "vitest";
import {
  type Arena,
  beginWithoutLoaders,
  breakable,
  expectTheSame,
  extraAttempts,
  openArena,
  servers,
} from "./arena.ts";
import { unexpectedErrors } from "./server-log.ts";
import { mountSmallDisk, NO_MOUNT, type SmallDisk, withTargetOn } from "./small-disk.ts";

describe.skipIf(!breakable)("a target whose disk is full", () => {
  it("holds the run up and says so, spends no attempt, and when there is room the run goes on by itself", async (context) => {
    const { arena, disk } = await arenaOnSmallDisk(context);
    const { journey } = arena;
    const runId = await beginWithoutLoaders(journey);
    disk.fill();
    await journey.start("loader");
    const holds = await eventually(() => currentHolds(journey.target), {
      until: ({ length }) => length > 0,
      within: 30_000,
    });
    expect(holds).toMatchObject([{ server: "target", code: "53100" }]);
    disk.makeRoom();
    await expectTheSame(arena, runId, 60_000);
    expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
    expect(await currentHolds(journey.target)).toEqual([]);
    const errors = unexpectedErrors(journey.stack);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.filter((error) => !error.includes("No space left on device"))).toEqual([]);
  });
});

async function arenaOnSmallDisk(context: TestContext): Promise<{ arena: Arena; disk: SmallDisk }> {
  const disk = mountSmallDisk(128) ?? context.skip(NO_MOUNT);
  onTestFinished(() => disk.remove());
  const options = { sample: { scale: 0.01, seed: 31 }, env: { BATCH_ROWS: "100" } };
  const arena = await openArena(options, withTargetOn(disk, servers));
  onTestFinished(() => arena.journey.close());
  return { arena, disk };
}
