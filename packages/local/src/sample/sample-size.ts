/** How large a sample is, and of which shape, as it is typed. */
export interface SampleSize {
  /** 1 is the report's size. */
  readonly scale: number;
  readonly seed: number;
  readonly shape: "real" | "reported";
}

/** The options of a command line that say it. */
export const SIZE_OPTIONS = {
  scale: { type: "string", default: "0.1" },
  seed: { type: "string", default: "1" },
  shape: { type: "string", default: "real" },
} as const;

/** Parses them. Throws an Error of one line on what is out of bounds. `least`: of the scale. */
export function sampleSize(
  given: Readonly<Record<keyof typeof SIZE_OPTIONS, string>>,
  least = 0.001,
): SampleSize {
  const { shape } = given;
  if (shape !== "real" && shape !== "reported") throw new Error("--shape is real or reported");
  return {
    scale: numberIn("--scale", given.scale, least, 100),
    seed: seedIn(given.seed),
    shape,
  };
}

function seedIn(given: string): number {
  const seed = numberIn("--seed", given, 0, Number.MAX_SAFE_INTEGER);
  if (Number.isInteger(seed)) return seed;
  throw new Error("--seed is a whole number");
}

/** The number that an option was given. Throws an Error of one line where it is none, or out of bounds. */
export function numberIn(option: string, given: string, min: number, max: number): number {
  const value = Number(given);
  if (given.trim() !== "" && value >= min && value <= max) return value;
  throw new Error(`${option} is a number from ${min} to ${max}`);
}
