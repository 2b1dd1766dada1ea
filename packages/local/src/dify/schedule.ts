/** How the stand-in behaves, and when: limits, the time that indexing takes, and faults by operation. */
import { z } from "zod";
import { stepOf, stepsOf } from "../stand-in/steps.ts";
import { type FaultName, FAULT_NAMES } from "./faults.ts";

export const OPERATIONS = [
  "create-dataset",
  "find-datasets",
  "create",
  "update",
  "delete",
  "find",
] as const;

export type Operation = (typeof OPERATIONS)[number];

const settings = z.strictObject({
  /** Creations, updates and deletions in any `minuteMs`, refused ones too; null = no limit. */
  requestsPerMinute: z.number().nonnegative().nullable(),
  /** The length of the limit's minute in milliseconds, 60,000 unless a test scales its clock. */
  minuteMs: z.number().positive(),
  /** Milliseconds that an answer takes, */
  latencyMs: z.number().nonnegative(),
  /** that indexing takes, */
  indexingMs: z.number().nonnegative(),
  /** and after which `done-late` does its work. */
  lateMs: z.number().nonnegative(),
  /** How the indexing of what is sent from now on ends. */
  indexing: z.enum(["completes", "fails", "stalls"]),
  /** Texts with this word in them are answered with 500, whenever they are sent; null = none. */
  breaksOn: z.string().nullable(),
  /** Dify answered deletions in three ways over time. */
  deletion: z.enum(["204", "200 success", "200 body 204"]),
});

/** The behaviour without faults. */
export type Settings = z.output<typeof settings>;

const scheduleChange = settings
  .partial()
  .extend({ faults: z.partialRecord(z.enum(OPERATIONS), z.array(stepOf(FAULT_NAMES))).optional() });

/** What `POST /schedule` takes. What is left out stays as it is; `faults` replaces all steps of all operations. */
export type ScheduleChange = z.input<typeof scheduleChange>;

const USUAL: Settings = {
  requestsPerMinute: null,
  minuteMs: 60_000,
  latencyMs: 0,
  indexingMs: 0,
  lateMs: 0,
  indexing: "completes",
  breaksOn: null,
  deletion: "204",
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
  const schedule: Schedule = {
    settings: () => current,
    change(change) {
      const { faults, ...others } = scheduleChange.parse(change);
      current = settings.parse({ ...current, ...others });
      if (faults !== undefined) steps.replace(faults);
    },
    nextFault: (operation, now) => steps.next(operation, now),
  };
  schedule.change(first);
  return schedule;
}
