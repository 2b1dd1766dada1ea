/** What it takes to extend the target: statements, and what stands in their way. */
import type { WantedColumn } from "./target-schema.ts";

/** One statement, and what it does in plain words (absent for details of a table that is new). */
export interface Change {
  readonly sql: string;
  readonly says?: string;
}

export interface Plan {
  readonly changes: readonly Change[];
  readonly conflicts: readonly string[];
}

/** Several plans, one after the other. */
export function joined(plans: readonly Plan[]): Plan {
  return {
    changes: plans.flatMap(({ changes }) => changes),
    conflicts: plans.flatMap(({ conflicts }) => conflicts),
  };
}

/** Nothing to do. */
export const NOTHING: Plan = { changes: [], conflicts: [] };

/** Something that a person must resolve, in words that say how. */
export function conflict(words: string): Plan {
  return { changes: [], conflicts: [words] };
}

/** A column as it is declared in `create table` and `add column`. */
export function columnSql({ name, type, required, default: fallback }: WantedColumn): string {
  return `${name} ${type}${required ? " not null" : ""}${fallback === undefined ? "" : ` default ${fallback}`}`;
}
