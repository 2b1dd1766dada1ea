/**
 * Random schedules of everything that may happen to a run, against an oracle: the target equals floor.sql's, cell by cell, or the run
 * stops and says the true reason. Never "completed" with a difference, never standing still unsaid. More of them: CHAOS_SEEDS,
 * beginning with CHAOS_SEED.
 */
import { appendFileSync } from "node:fs";
import { findPostgres, findRedis, remark } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import { seed as first } from "../dice.ts";
import { play } from "./play.ts";
import { draw, inWords } from "./schedule.ts";
import { openWorld, type World } from "./world.ts";

/** A file to which the end of each seed is added at once. */
const file = process.env["CHAOS_TELL"];
const tell = (line: string): void => (file ? appendFileSync(file, `${line}\n`) : undefined);

const seeds = Array.from(
  { length: Number(process.env["CHAOS_SEEDS"] ?? 3) },
  (_, nth) => first + nth,
);

/** Worlds that are played in at the same time: a seed mostly waits, for pauses and silences to be over. */
const WORLDS = seeds.length > 20 ? 4 : 1;

// Needs real servers that a test may kill and cut off: embedded ones live in its own process.
describe.skipIf(!findPostgres() || !findRedis())(
  "a run to which an attacker does what a seed says",
  () => {
    const worlds: World[] = [];
    const ends = new Map<string, number>();
    const { take, give } = oneAtATime<World>();
    beforeAll(async () => {
      for (let missing = WORLDS; missing > 0; missing -= 1) worlds.push(await openWorld());
      worlds.forEach(give);
    });
    afterAll(async () => {
      for (const world of worlds) await world.close();
      for (const [end, times] of ends)
        remark("measured", `random chaos: ${end}: ${times} of ${seeds.length} seeds`);
    });

    it.concurrent.each(seeds)(
      "ends with the true result, or with the true reason (seed %i)",
      async (seed) => {
        const world = await take();
        const schedule = draw(seed);
        try {
          const { end, struck, vain } = await play(world, schedule);
          tell(
            `seed ${seed}: ${end}; events: ${struck}${vain.map((one) => `; in vain: ${one}`).join("")}`,
          );
          ends.set(end, (ends.get(end) ?? 0) + 1);
        } catch (cause) {
          tell(`seed ${seed}: FAILED: ${String(cause)}`);
          throw new Error(`${String(cause)}\n${inWords(schedule)}`, { cause });
        } finally {
          give(world);
        }
      },
    );
  },
);

/** Things that are used by one at a time; who finds none waits for one. */
function oneAtATime<T>(): { take(): Promise<T>; give(thing: T): void } {
  const idle: T[] = [];
  const waiting: ((thing: T) => void)[] = [];
  return {
    take: async () => idle.pop() ?? (await new Promise((resolve) => waiting.push(resolve))),
    give: (thing) => {
      const next = waiting.shift();
      if (next === undefined) idle.push(thing);
      else next(thing);
    },
  };
}
