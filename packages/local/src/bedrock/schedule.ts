/** How the stand-in behaves, and when: limits and latency, and faults played one step after the other. */
import { z } from "zod";
import { type FaultName, FAULT_NAMES } from "./faults.ts";

const step = z.strictObject({
  /** `none` = calls go through: a pause between two faults. */
  fault: z.enum(["none", ...FAULT_NAMES]),
  /** The step ends after so many calls, or so many milliseconds after its first call; with neither it lasts until the next schedule. */
  calls: z.int().positive().optional(),
  forMs: z.number().positive().optional(),
  /** 3 = only each third call of the step meets the fault. */
  every: z.int().positive().default(1),
});

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

const scheduleChange = settings.partial().extend({ faults: z.array(step).optional() });

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
  let steps: ReturnType<typeof begin>[] = [];
  const schedule: Schedule = {
    settings: () => current,
    change(change) {
      const { faults, ...others } = scheduleChange.parse(change);
      current = settings.parse({ ...current, ...others });
      if (faults !== undefined) steps = faults.map(begin);
    },
    nextFault(now) {
      const at = steps.findIndex((step) => !step.isOver(now));
      steps = at === -1 ? [] : steps.slice(at);
      return steps[0]?.play(now) ?? "none";
    },
  };
  schedule.change(first);
  return schedule;
}

/** A step that counts its calls. */
function begin({ fault, calls = Infinity, forMs = Infinity, every }: z.output<typeof step>) {
  let played = 0;
  let since: number | undefined;
  return {
    isOver: (now: number) => played >= calls || now - (since ?? now) >= forMs,
    play(now: number): FaultName | "none" {
      since ??= now;
      played += 1;
      return played % every === 0 ? fault : "none";
    },
  };
}
