/** What the doctor says. Findings hold names, counts and codes, never a value. */
import type { Code } from "./codes.ts";

/** In the order in which one thing causes the next. */
export const AREAS = [
  "environment",
  "target",
  "legacy",
  "queue",
  "api",
  "run",
  "embeddings",
  "dify",
  "accounts",
] as const;

export type Area = (typeof AREAS)[number];

/** `wrong`: a person must act. `note`: worth knowing. `unchecked`: it could not be looked at. `well`: looked at, and nothing was found. */
export type State = "wrong" | "note" | "unchecked" | "well";

export interface Finding {
  readonly area: Area;
  readonly state: State;
  /** Stays the same, for programs. */
  readonly code: string;
  /** A sentence. */
  readonly says: string;
  /** What to do next. */
  readonly next: string | null;
  /** Where the documentation says more of it. */
  readonly more: string | null;
}

/** Something a person must act on. */
export function wrong(area: Area, code: Code, says: string, next: string): Finding {
  return { area, state: "wrong", code, says, next, more: explained(code) };
}

/** Something worth knowing. */
export function note(area: Area, code: Code, says: string, next: string | null = null): Finding {
  return { area, state: "note", code, says, next, more: explained(code) };
}

/** Something that could not be looked at. */
export function unchecked(area: Area, says: string, next: string | null = null): Finding {
  return { area, state: "unchecked", code: "unchecked", says, next, more: null };
}

/** Something that was looked at without finding anything. */
export function well(area: Area, says: string): Finding {
  return { area, state: "well", code: "well", says, next: null, more: null };
}

function explained(code: Code): string {
  return `docs/trouble.md#${code}`;
}
