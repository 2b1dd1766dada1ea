import { eventually } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  alive,
  type Arena,
  attemptsUnderWay,
  beginAnew,
  beginWithoutLoaders,
  breakable,
  committed,
  expectTheSame,
  extraAttempts,
  openArena,
  standing,
} from "./arena.ts";
import { dice, rounds, seed } from "./dice.ts";
import { heldUpAt, hold } from "./hold.ts";

const STOPPED = { code: 0, signal: null };

describe.skipIf(!breakable)(`SIGTERM (seed ${seed})`, () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await openArena({
      sample: { scale: 0.01 * rounds, seed: 13 },
      // Two workers that were drained one after the other would not be done within the grace period.
      env: {
        BATCH_ROWS: "10",
        LOADER_CONCURRENCY: "1",
        DRAIN_MS: "2500",
        SHUTDOWN_GRACE_MS: "4800",
      },
    });
  });
  afterAll(() => arena.journey.close());

  it("ends every service in good order in the middle of a run, and costs no attempt", async () => {
    const { journey } = arena;
    const thrown = dice(seed);
    const runId = await beginAnew(journey);
    for (const name of ["loader", "extractor", "loader"] as const) {
      const { done, total } = await committed(journey, runId, 1);
      await committed(journey, runId, done + thrown.upTo((total - done) / 3));
      const [service] = await alive(journey, name);
      const started = journey.start(name);
      expect(await service?.kill("SIGTERM")).toEqual(STOPPED);
      await started;
    }
    await expectTheSame(arena, runId, 60_000);
    expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
  });

  it("makes a loader hand back, at once, all batches that it cannot finish in time", async () => {
    const { journey } = arena;
    const runId = await beginWithoutLoaders(journey);
    const tables = await hold(
      journey.legacy,
      "lock table dispatch_template, auth_user in access exclusive mode",
    );
    const loader = await journey.start("loader");
    await heldUpAt(journey.legacy, "loader", "dispatch_template");
    await heldUpAt(journey.legacy, "loader", "auth_user");
    expect(await loader.kill("SIGTERM")).toEqual(STOPPED);
    expect(await attemptsUnderWay(journey, runId), "attempts counted").toBe(0);
    await tables.release();
    await journey.start("loader");
    await expectTheSame(arena, runId, 60_000);
    expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
  });

  it("sent twice ends a loader at once", async () => {
    const { journey } = arena;
    const runId = await beginWithoutLoaders(journey);
    const table = await hold(journey.target, "lock table public.cases in share mode");
    const loader = await journey.start("loader");
    await heldUpAt(journey.target, "loader", "public.cases");
    const stopped = loader.kill("SIGTERM");
    await loader.waitForLine({ msg: "stopping" });
    await loader.kill("SIGTERM");
    expect(await stopped).toEqual({ code: 1, signal: null });
    await table.release();
    await journey.start("loader");
    await expectTheSame(arena, runId, 60_000);
  });

  it("ends services while Redis and PostgreSQL are away", async () => {
    const { journey } = arena;
    const { queue, database } = journey.stack;
    const runId = await beginAnew(journey);
    await eventually(async () => (await standing(journey, runId)).done > 0);
    await queue?.kill();
    await database?.kill();
    const services = await alive(journey);
    expect(services.map(({ name }) => name).sort()).toEqual(["extractor", "loader"]);
    const ends = await Promise.all(services.map((service) => service.kill("SIGTERM")));
    await Promise.all([queue?.restart(), database?.restart()]);
    expect(ends).toEqual([STOPPED, STOPPED]);
    await Promise.all([journey.start("extractor"), journey.start("loader")]);
    await expectTheSame(arena, runId, 60_000);
  });
});
