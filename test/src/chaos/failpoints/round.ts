/** A round: processes die at points, and it ends as if nobody had. */
import type { ServiceName } from "@nexus/local/services";
import { type Failpoint, FAILPOINTS } from "@nexus/shared/runtime";
import { breakableWithVectors } from "../arena.ts";
import type { Dice } from "../dice.ts";
import type { Post } from "./crew.ts";
import { sceneOf } from "./scenes.ts";
import { clear, embedsTheSame, endsTheSame, PLAIN, type Stage } from "./stage.ts";

/** All points, in the order in which they are named. */
export const failpoints = Object.keys(FAILPOINTS).filter(
  (name): name is Failpoint => name in FAILPOINTS,
);

/** Deaths of one post in a round: an item that ends two embedders alone is given up, and a batch has five attempts. */
const MOST_DEATHS: Readonly<Record<ServiceName, number>> = {
  extractor: 3,
  loader: 3,
  embedder: 2,
  api: 3,
};

/** At a point a process dies at its first pass, or up to this one. */
const LATEST_PASS = 3;

/** Rounds without a death after which a point is never reached. */
const MOST_VAIN = 3;

/** Kills at a point so often, at passes that the dice say, in as many rounds as it takes. Returns how many rounds. */
export async function killAt(
  stage: Stage,
  point: Failpoint,
  kills: number,
  dice: Dice,
): Promise<number> {
  const scene = sceneOf(point);
  let [rounds, done, vain, most] = [0, 0, 0, LATEST_PASS];
  while (done < kills) {
    rounds += 1;
    const deaths = Math.min(MOST_DEATHS[scene.victim], kills - done);
    const lives = Array.from({ length: deaths }, () => `${point}@${dice.upTo(most)}`);
    stage.crew.takeStrikes();
    const playing = scene.play(stage, async (env = {}) => {
      const victims: Post = { service: scene.victim, env, lives };
      await stage.crew.man({ ...PLAIN, [scene.victim]: victims });
    });
    await Promise.race([playing, stage.crew.accident]);
    const struck = stage.crew.takeStrikes().length;
    done += struck;
    vain = struck === 0 ? vain + 1 : 0;
    if (vain > 0) most = 1; // It is passed once in a round.
    if (vain === MOST_VAIN) throw new Error(`${point} is never reached`);
  }
  return rounds;
}

/** The points of those who do a run: any of them may die in it. */
const OF_A_RUN: Readonly<Partial<Record<ServiceName, readonly Failpoint[]>>> = {
  extractor: pointsOf("run", "plan", "dispatch", "parked", "rollup", "settle", "gone"),
  loader: pointsOf("loader", "queue"),
  embedder: pointsOf("relay", "embedder", "budget", "vectors", "queue"),
};

function pointsOf(...parts: readonly string[]): Failpoint[] {
  return failpoints.filter((point) => parts.some((part) => point.startsWith(`${part}.`)));
}

/** The posts of a schedule, drawn from dice: two extractors, two loaders and an embedder, of whom each dies up to twice. */
export function draw(dice: Dice): Readonly<Record<string, Post>> {
  const crowd: readonly ServiceName[] = [
    "extractor",
    "extractor",
    "loader",
    "loader",
    ...(breakableWithVectors ? (["embedder"] as const) : []),
  ];
  return Object.fromEntries(
    crowd.map((service, nth) => [`${service} ${nth}`, { service, lives: livesOf(service, dice) }]),
  );
}

function livesOf(service: ServiceName, dice: Dice): string[] {
  const points = OF_A_RUN[service] ?? [];
  return Array.from({ length: dice.upTo(3) - 1 }, () => {
    const point = points[dice.upTo(points.length) - 1];
    return `${String(point)}@${dice.upTo(8)}`;
  });
}

/** Plays a run with the posts of a schedule. Returns the points at which somebody died. */
export async function playSchedule(
  stage: Stage,
  posts: Readonly<Record<string, Post>>,
): Promise<readonly string[]> {
  stage.crew.takeStrikes();
  await clear(stage);
  await stage.crew.man(posts);
  const playing = endsTheSame(stage, await stage.journey.begin({ embeddings: true }));
  await Promise.race([playing, stage.crew.accident]);
  if (breakableWithVectors) await embedsTheSame(stage);
  return stage.crew.takeStrikes();
}
