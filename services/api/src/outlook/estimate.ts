/** When the work will be done, as an interval. Pure: what was measured goes in, seconds come out. */
import type { Eta } from "@nexus/contract";

/** Work is counted in units of equal cost, so that cheap and dear rows can be added. */
export interface Evidence {
  readonly left: number;
  /** The share of `left` whose cost is a guess: nothing of its kind was ever done. 0 to 1. */
  readonly guessed: number;
  /** What was done since the work began, and the seconds that took (pauses left out). */
  readonly done: number;
  readonly seconds: number;
  /** Units per second in slices of equal length that end now. */
  readonly slices: readonly number[];
  readonly sliceSeconds: number;
}

/** Four of five ends lie within 1.28 standard deviations. */
const FOUR_OF_FIVE = 1.28;
/** Costs of entities that nobody has done yet differ from the usual ones by about this, as a logarithm. */
const SPREAD_OF_COSTS = 0.35;
/** Machines, databases and neighbours change their pace while one waits: by about so much, as a share. */
const DRIFT = 0.15;

/** Undefined pace, or none: null. What is short is told by what happened last, what is long by all that happened. */
export function estimate(evidence: Evidence): Eta | null {
  const { left, done, seconds, slices, sliceSeconds } = evidence;
  if (left <= 0) return { seconds: 0, earliest: 0, latest: 0 };
  const recent = mean(slices);
  if (recent <= 0 || done <= 0 || seconds <= 0) return null;
  const overall = done / seconds;
  const window = slices.length * sliceSeconds;
  const trust = window / (window + left / overall);
  const pace = recent ** trust * overall ** (1 - trust);
  const likely = left / pace;
  const factor = Math.exp(FOUR_OF_FIVE * doubt(evidence, likely));
  return {
    seconds: Math.ceil(likely),
    earliest: Math.floor(likely / factor),
    latest: Math.ceil(likely * factor),
  };
}

/** The standard deviation of the logarithm of the likely seconds: noise of the pace, its drift, and guessed costs. */
function doubt({ slices, guessed, seconds }: Evidence, likely: number): number {
  const noise = deviation(slices) / mean(slices) / Math.sqrt(Math.max(1, slices.length / 2));
  const drift = DRIFT * Math.sqrt(likely / (likely + seconds));
  const costs = SPREAD_OF_COSTS * guessed;
  return Math.hypot(Math.min(noise, 1), drift, costs, 0.03);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}
