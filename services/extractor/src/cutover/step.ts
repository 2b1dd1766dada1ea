/** What a step of a cut-over is given, and what it says. */
import type { CutoverStepName } from "@nexus/shared/states";
import type { Client } from "@nexus/shared/database";
import type { Cutover, CutoverStep } from "@nexus/shared/ledger";
import type { Deps } from "../deps.ts";

type Facts = Readonly<Record<string, unknown>>;

/** `open`: it is looked at again after so many milliseconds. `to_do`: in a rehearsal, what a go does by itself. */
export type Verdict =
  | { readonly status: "met" | "to_do"; readonly code: string | null; readonly facts: Facts }
  | { readonly status: "not_met"; readonly code: string; readonly facts: Facts }
  | {
      readonly status: "open";
      readonly code: null;
      readonly facts: Facts;
      readonly againMs: number;
    };

/** A verdict, or what is to be done in the transaction that writes it down. */
export type Found = Verdict | ((tx: Client) => Promise<Verdict>);

export interface Walk {
  readonly deps: Deps;
  readonly cutover: Cutover;
  /** What was written down of all steps. */
  readonly steps: ReadonlyMap<CutoverStepName, CutoverStep>;
}

export type Step = (walk: Walk) => Promise<Found>;

export function met(facts: Facts = {}, code: string | null = null): Verdict {
  return { status: "met", code, facts };
}

export function toDo(code: string, facts: Facts = {}): Verdict {
  return { status: "to_do", code, facts };
}

export function notMet(code: string, facts: Facts = {}): Verdict {
  return { status: "not_met", code, facts };
}

export function open(facts: Facts, againMs: number): Verdict {
  return { status: "open", code: null, facts, againMs };
}

/** A refusal of the ledger's own as a verdict: its code is its kind. */
export function refusedBy({ kind, ...facts }: { readonly kind: string }): Verdict {
  return notMet(kind, facts);
}

/** What is migrated: all of the catalog, but for what was to be left out. */
export function migrated({ deps, cutover }: Walk): readonly string[] {
  const { skip = [] } = cutover.asked.order;
  return deps.entities.map(({ name }) => name).filter((name) => !skip.includes(name));
}
