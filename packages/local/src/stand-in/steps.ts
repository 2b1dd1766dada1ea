/** Faults by schedule: steps that are played one after the other, call by call. */
import { z } from "zod";

/** The names of the faults in a table. */
export function namesOf<F extends string>(faults: Readonly<Record<F, unknown>>): readonly F[] {
  return Object.keys(faults).filter((name): name is F => name in faults);
}

/** The schema of a step with these faults; `none` = calls go through: a pause between two faults. */
export function stepOf<F extends string>(faults: readonly F[]): z.ZodType<Step<F>, StepInput<F>> {
  return z.strictObject({
    fault: z.enum(["none", ...faults]),
    /** The step ends after so many calls, or so many milliseconds after its first call; with neither it lasts until the next schedule. */
    calls: z.int().positive().optional(),
    forMs: z.number().positive().optional(),
    /** 3 = only each third call of the step meets the fault. */
    every: z.int().positive().default(1),
  });
}

export interface StepInput<F extends string> {
  readonly fault: F | "none";
  readonly calls?: number | undefined;
  readonly forMs?: number | undefined;
  readonly every?: number | undefined;
}

export interface Step<F extends string> {
  readonly fault: F | "none";
  readonly calls?: number | undefined;
  readonly forMs?: number | undefined;
  readonly every: number;
}

/** Steps at play. */
export interface Steps<F extends string> {
  /** Counts a call and says which fault it meets. `now` in milliseconds. */
  next(now: number): F | "none";
}

/** Plays these steps from their beginning, and then nothing. */
export function playSteps<F extends string>(given: readonly Step<F>[]): Steps<F> {
  let steps = given.map(begin);
  return {
    next(now) {
      const at = steps.findIndex((step) => !step.isOver(now));
      steps = at === -1 ? [] : steps.slice(at);
      return steps[0]?.play(now) ?? "none";
    },
  };
}

/** Steps at play for each of some operations. */
export interface StepsOf<O extends string, F extends string> {
  /** Replaces all steps of all operations. */
  replace(faults: Readonly<Partial<Record<O, readonly Step<F>[]>>>): void;
  /** Counts a call of an operation and says which fault it meets. `now` in milliseconds. */
  next(operation: O, now: number): F | "none";
}

/** Nothing goes wrong before `replace` is called. */
export function stepsOf<O extends string, F extends string>(
  operations: readonly O[],
): StepsOf<O, F> {
  let steps = new Map<O, Steps<F>>();
  return {
    replace: (faults) =>
      void (steps = new Map(operations.map((one) => [one, playSteps(faults[one] ?? [])]))),
    next: (operation, now) => steps.get(operation)?.next(now) ?? "none",
  };
}

/** A step that counts its calls. */
function begin<F extends string>({ fault, calls = Infinity, forMs = Infinity, every }: Step<F>) {
  let played = 0;
  let since: number | undefined;
  return {
    isOver: (now: number) => played >= calls || now - (since ?? now) >= forMs,
    play(now: number): F | "none" {
      since ??= now;
      played += 1;
      return played % every === 0 ? fault : "none";
    },
  };
}
