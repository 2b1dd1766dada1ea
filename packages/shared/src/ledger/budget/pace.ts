/** The pace that keeps within a quota. */

/** A token bucket: so much per second, and at most so much at once. */
export interface Pace {
  readonly rate: number;
  readonly burst: number;
}

/**
 * A provider counts what arrived in the last minute, wherever that minute lies: a full bucket and a minute of its rate, together,
 * must stay below the quota. What is left (1.5 %) is for calls that arrive later than others do.
 */
const STEADY = 0.97;
const AT_ONCE = 0.015;

/** At 60 a minute one permit a second falls due; half of another is kept for a caller that comes late. */
const LEAST_BURST = 1.5;

/** No limit is a limit that nobody reaches. */
const UNREACHED = 1e12;

/** The pace of a quota per minute; null is no quota. */
export function paceOf(perMinute: number | null): Pace {
  if (perMinute === null) return { rate: UNREACHED, burst: UNREACHED };
  return { rate: (STEADY * perMinute) / 60, burst: Math.max(LEAST_BURST, AT_ONCE * perMinute) };
}
