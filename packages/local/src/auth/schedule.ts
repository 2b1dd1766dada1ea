/** How the stand-in behaves, and when: limits, latency, and faults by operation. */
import { z } from "zod";
import { stepOf, stepsOf } from "../stand-in/steps.ts";
import { type FaultName, FAULT_NAMES } from "./faults.ts";

export const OPERATIONS = ["create", "list", "get", "update", "delete", "recover", "otp"] as const;

export type Operation = (typeof OPERATIONS)[number];

const settings = z.strictObject({
  /** Calls in any `minuteMs` that the gateway lets through, refused ones counted, too; null = no limit. */
  requestsPerMinute: z.number().nonnegative().nullable(),
  /** The length of the limit's minute in milliseconds, 60,000 unless a test scales its clock. */
  minuteMs: z.number().positive(),
  /** Mails in any `minuteMs` that leave the project; null = no limit. */
  mailsPerMinute: z.number().nonnegative().nullable(),
  /** Milliseconds between two mails to one person. */
  mailPauseMs: z.number().nonnegative(),
  /** Whether every refusal quotes what was sent. */
  echoes: z.boolean(),
  /** Milliseconds that an answer takes, */
  latencyMs: z.number().nonnegative(),
  /** and after which `done-late` does its work. */
  lateMs: z.number().nonnegative(),
});

/** The behaviour without faults. */
type Settings = z.output<typeof settings>;

const scheduleChange = settings
  .partial()
  .extend({ faults: z.partialRecord(z.enum(OPERATIONS), z.array(stepOf(FAULT_NAMES))).optional() });

/** What is left out stays as it is; `faults` replaces all steps of all operations. */
export type ScheduleChange = z.input<typeof scheduleChange>;

const USUAL: Settings = {
  requestsPerMinute: null,
  minuteMs: 60_000,
  mailsPerMinute: null,
  mailPauseMs: 60_000,
  echoes: false,
  latencyMs: 0,
  lateMs: 0,
};

export interface Schedule {
  settings(): Settings;
  /** Throws a ZodError if `change` is not one. */
  change(change: ScheduleChange): void;
  /** Counts a call and says which fault it meets. `now` in milliseconds. */
  nextFault(operation: Operation, now: number): FaultName | "none";
}

/** A schedule without limits or faults, changed by `first`. */
export function openSchedule(first: ScheduleChange): Schedule {
  let current = USUAL;
  const steps = stepsOf<Operation, FaultName>(OPERATIONS);
  /** When the calls of the last minute came. */
  let window: number[] = [];
  const isOverLimit = (now: number) => {
    if (current.requestsPerMinute === null) return false;
    window = [...window.filter((at) => at > now - current.minuteMs), now];
    return window.length > current.requestsPerMinute;
  };
  const schedule: Schedule = {
    settings: () => current,
    change(change) {
      const { faults, ...others } = scheduleChange.parse(change);
      current = settings.parse({ ...current, ...others });
      if (faults !== undefined) steps.replace(faults);
    },
    nextFault(operation, now) {
      const fault = steps.next(operation, now);
      return fault === "none" && isOverLimit(now) ? "rate-limited" : fault;
    },
  };
  schedule.change(first);
  return schedule;
}
