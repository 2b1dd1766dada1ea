import type { ServiceName } from "@nexus/local/services";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  alive,
  type Arena,
  beginAnew,
  breakable,
  expectTheSame,
  extraAttempts,
  mostAttempts,
  openArena,
} from "./arena.ts";
import {
  type Blow,
  flushRedis,
  killAny,
  killPostgres,
  killRedis,
  strikeAll,
  tell,
} from "./blows.ts";
import { dice, rounds, seed } from "./dice.ts";
import { unexpectedErrors } from "./server-log.ts";

const MINUTES = 60_000 * rounds;

// Needs real servers that a test may kill and cut off: embedded ones live in its own process.
describe.skipIf(!breakable)(
  `a run that is struck (seed ${seed})`,
  { timeout: 10 * MINUTES },
  () => {
    let arena: Arena;
    beforeAll(async () => {
      arena = await openArena({
        sample: { scale: 0.01 * rounds, seed: 7, dirt: "dangling" },
        env: { BATCH_ROWS: "6", LOADER_CONCURRENCY: "1", HIGH_WATER: "20", TICK_MS: "100" },
      });
      await arena.journey.start("loader");
    }, 10 * MINUTES);
    afterAll(() => arena.journey.close());

    it("is compared by something: rows, exceptions, notes and offers to the embedder", () => {
      const { rows, exceptions, notes, offers } = arena.undisturbed;
      expect(Object.values(rows).filter(({ length }) => length === 0)).toEqual([]);
      expect([exceptions, notes, offers].filter(({ length }) => length === 0)).toEqual([]);
      expect(new Set(offers).size, "no id is offered twice in a first run").toBe(offers.length);
    });

    it("by crashes of Redis and by FLUSHALL ends with the same target", async () => {
      const { journey } = arena;
      const before = await alive(journey);
      const runId = await beginAnew(journey);
      const blows = Array.from({ length: 2 * rounds }, () => [
        killRedis(journey),
        flushRedis(journey),
      ]).flat();
      tell(await strikeAll(journey, runId, blows, dice(seed)));
      await expectTheSame(arena, runId, MINUTES);
      expect(await alive(journey), "services survive").toEqual(before);
    });

    it("by crashes of PostgreSQL ends with the same target", async () => {
      const { journey } = arena;
      const before = await alive(journey);
      const runId = await beginAnew(journey);
      const blows = Array.from({ length: 2 * rounds }, () => killPostgres(journey));
      tell(await strikeAll(journey, runId, blows, dice(seed)));
      await expectTheSame(arena, runId, MINUTES);
      expect(await alive(journey), "services survive").toEqual(before);
      // A crash may take back a batch that was done, after its attempt was counted.
      expect(await mostAttempts(journey, runId), "attempts of a batch").toBeLessThanOrEqual(
        1 + blows.length,
      );
    });

    it(`by ${20 * rounds} SIGKILLs, crashes of Redis and of PostgreSQL ends with the same target`, async () => {
      const { journey } = arena;
      const runId = await beginAnew(journey);
      const thrown = dice(seed);
      const starting: Promise<unknown>[] = [];
      const kill = (): Blow => {
        const service = thrown.oneOf<ServiceName>(["extractor", "loader", "loader"]);
        return killAny(journey, service, thrown, starting);
      };
      const servers = [
        killRedis(journey),
        flushRedis(journey),
        killPostgres(journey),
        flushRedis(journey),
      ];
      const blows = Array.from({ length: 5 * rounds }, (_, turn) => [
        ...Array.from({ length: 4 }, kill),
        ...servers.slice(turn % 5, (turn % 5) + 1),
      ]).flat();
      tell(await strikeAll(journey, runId, blows, thrown));
      await expectTheSame(arena, runId, MINUTES);
      await Promise.all(starting);
    });

    it("by nothing but a crowd of two extractors and three loaders loads no batch twice", async () => {
      const { journey } = arena;
      await Promise.all([journey.start("extractor"), journey.start("loader")]);
      const runId = await beginAnew(journey);
      await expectTheSame(arena, runId, MINUTES);
      expect(await extraAttempts(journey, runId), "attempts spent").toBe(0);
    });

    it("leaves no error in PostgreSQL's log: foreign keys were never in the way", () => {
      expect(unexpectedErrors(arena.journey.stack)).toEqual([]);
    });
  },
);
