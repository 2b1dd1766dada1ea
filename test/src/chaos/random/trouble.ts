/** What the kinds of trouble have in common. */
import type { Dice } from "../dice.ts";
import type { Round } from "./world.ts";

/** A round whose run has begun, or is about to, and what was done to its rows. */
export interface Stage extends Round {
  readonly runId: number;
  readonly done: {
    /** Rows that the target refuses, by entity and key, as long as they are not mended. */
    poisoned: Poison[];
    /** Whether the source changed since the floor was made. */
    sourceChanged: boolean;
    /** Schemas with the floors of what the source was between its changes. */
    floorsBetween: string[];
    /** How often patients were moved to other offices in the source. */
    moves: number;
    /** Whether rows of the target were moved to other practices by hand. */
    movedByHand: boolean;
  };
}

interface Poison {
  readonly entity: string;
  readonly key: number;
  readonly reason: RegExp;
  /** Whether it was there before the run. */
  readonly early: boolean;
}

/** Something that happens to a run. */
export interface Trouble {
  /** In words, for whoever reads the schedule of a seed that failed. */
  readonly says: string;
  strike(stage: Stage): Promise<void>;
  /** Absent where nothing is to be mended. */
  mend?(stage: Stage): Promise<void>;
}

/** One of a list that is never empty. */
export function among<T>(dice: Dice, some: readonly T[]): T {
  const one = some[dice.upTo(some.length) - 1];
  if (one === undefined) throw new Error("there is nothing to choose from");
  return one;
}

/** Draws one trouble of a kind. */
export type Kind = (dice: Dice) => Trouble;

/** A trouble that is never mended, and the true reason why the run stops. */
export interface Lasting extends Trouble {
  mend(stage: Stage): Promise<void>;
  /** Matches one of what the run says (`Sight.said`). */
  readonly reason: RegExp;
  /** Matches the code of one of the doctor's findings; absent where the finding is the stall itself, which it says later. */
  readonly finding?: RegExp;
}
