/** How the stand-in behaves, and when: limits and latency, and faults played one step after the other. */
import { z } from "zod";
import { playSteps, stepOf } from "../stand-in/steps.ts";
import { type FaultName, FAULT_NAMES } from "./faults.ts";

const limit = z.number().nonnegative().nullable();

const settings = z.strictObject({
  /** Calls in any `minuteMs`; null = no limit, 0 = an account that got no quota. */
  requestsPerMinute: limit,
  tokensPerMinute: limit,
  /** The length of the quota's minute in milliseconds, 60,000 unless a test scales its clock. */
  minuteMs: z.number().positive(),
  /** Milliseconds that an answer takes. */
  latencyMs: z.number().nonnegative(),
  /** Seconds in the header `retry-after` of throttled answers; null = no such header, as is usual. */
  retryAfterSeconds: z.number().nonnegative().nullable(),
  /** 4.7 is the model's average for English. Another number makes every estimate wrong. */
  charactersPerToken: z.number().positive(),
});

/** The behaviour without faults. */
type Settings = z.output<typeof settings>;

const scheduleChange = settings
  .partial()
  .extend({ faults: z.array(stepOf(FAULT_NAMES)).optional() });

/** What `POST /schedule` takes. What is left out stays as it is; `faults` replaces the steps that are left. */
export type ScheduleChange = z.input<typeof scheduleChange>;

const USUAL: Settings = {
  requestsPerMinute: null,
  tokensPerMinute: null,
  minuteMs: 60_000,
  latencyMs: 0,
  retryAfterSeconds: null,
  charactersPerToken: 4.7,
};

export interface Schedule {
  settings(): Settings;
  /** Throws a ZodError if `change` is not one. */
  change(change: ScheduleChange): void;
  /** Counts a call and says which fault it meets. `now` in milliseconds. */
  nextFault(now: number): FaultName | "none";
}

/** A schedule without limits, latency or faults, changed by `first`. */
export function openSchedule(first: ScheduleChange): Schedule {
  let current = USUAL;
  let steps = playSteps<FaultName>([]);
  const schedule: Schedule = {
    settings: () => current,
    change(change) {
      const { faults, ...others } = scheduleChange.parse(change);
      current = settings.parse({ ...current, ...others });
      if (faults !== undefined) steps = playSteps(faults);
    },
    nextFault: (now) => steps.next(now),
  };
  schedule.change(first);
  return schedule;
}
