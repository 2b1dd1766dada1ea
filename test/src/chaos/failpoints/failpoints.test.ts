/**
 * Whoever dies at a named point of the code, the run ends with the same rows: nothing is lost, nothing is there twice. `npm run chaos`
 * kills at each point, and by many schedules; without it a few of them are drawn, others each day. Again: CHAOS_SEED.
 */
import { remark } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { breakable } from "../arena.ts";
import { dice, rounds } from "../dice.ts";
import { unexpectedErrors } from "../server-log.ts";
import { read } from "../../platform/files.ts";
import { tried } from "./page.ts";
import { record } from "./record.ts";
import { draw, failpoints, killAt, playSchedule } from "./round.ts";
import { sceneOf, tidy } from "./scenes.ts";
import { openStage, type Stage } from "./stage.ts";
import { sumOf } from "./tally.ts";

const A_DAY_MS = 86_400_000;
const seed = Number(process.env["CHAOS_SEED"] ?? Math.floor(Date.now() / A_DAY_MS));

/** `CHAOS_POINTS=^loader`: at each of these. Else in `npm run chaos` at each of all, and in `npm test` at a few of those that have held. */
const asked = process.env["CHAOS_POINTS"] ?? (rounds > 1 ? "" : undefined);
const drawn =
  asked === undefined ? sample(4) : failpoints.filter((point) => new RegExp(asked).test(point));
const schedules = Array.from(
  { length: Number(process.env["CHAOS_SCHEDULES"] ?? 1) },
  (_, nth) => seed + nth,
);

function sample(size: number) {
  const thrown = dice(seed);
  const left = tried(read("docs/chaos.md"));
  return Array.from({ length: size }, () => left.splice(thrown.upTo(left.length) - 1, 1)).flat();
}

// Needs real servers: a process that dies takes the embedded ones of others with it.
describe.skipIf(!breakable)(`a process that dies at a point (seed ${seed})`, () => {
  let stage: Stage;
  const began = performance.now();
  let killed = 0;
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(async () => {
    if (stage === undefined) return;
    tidy(stage);
    await stage.close();
    const seconds = Math.round((performance.now() - began) / 1_000);
    remark(
      "measured",
      `failpoints: ${killed} kills at ${drawn.length} points and by ${schedules.length} schedules in ${seconds} s (seed ${seed}), hash of the target ${stage.hash}`,
    );
  });

  /** What a point or a schedule has come to since. */
  const played = (from: number) => ({
    hash: stage.hash,
    seconds: (performance.now() - from) / 1_000,
    ...sumOf(stage.tallies.splice(0)),
  });

  it.for(drawn)("leaves nothing undone or done twice: %s", async (point, context) => {
    const { missing } = sceneOf(point);
    if (missing !== undefined) context.skip(missing);
    const from = performance.now();
    const thrown = dice(seed + failpoints.indexOf(point));
    let [kills, done] = [0, 0]; // A point that does not hold has no kills, and its losses are on record.
    try {
      done = await killAt(stage, point, rounds, thrown);
      kills = rounds;
      killed += rounds;
    } finally {
      record({ point, kills, rounds: done, seed, ...played(from) });
    }
  });

  it.each(schedules)("leaves nothing undone or done twice (schedule %i)", async (schedule) => {
    const from = performance.now();
    const posts = draw(dice(schedule * 7_919));
    let struck: readonly string[] = [];
    try {
      struck = await playSchedule(stage, posts).catch((cause: unknown) => {
        throw new Error(`${String(cause)}\nby ${JSON.stringify(posts)}`, { cause });
      });
      killed += struck.length;
    } finally {
      record({ schedule, kills: struck.length, ...played(from) });
    }
  });

  it("leaves no error in PostgreSQL's log: foreign keys were never in the way", () => {
    expect(unexpectedErrors(stage.journey.stack)).toEqual([]);
  });
});
