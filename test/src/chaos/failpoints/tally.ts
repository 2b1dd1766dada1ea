/** How many rows were compared with those of a run in which nobody died, and how many were missing or too many. */
import type { Accounts } from "../accounts.ts";

export interface Tally {
  readonly compared: number;
  readonly lost: number;
  readonly twice: number;
}

const NOTHING: Tally = { compared: 0, lost: 0, twice: 0 };

/** Row by row, with all columns: one that differs is lost as it was, and one too many as it is. */
export function tallyOf(wanted: Accounts["rows"], found: Accounts["rows"]): Tally {
  const tables = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  return sumOf([...tables].map((table) => tallyOfTable(wanted[table] ?? [], found[table] ?? [])));
}

function tallyOfTable(wanted: readonly string[], found: readonly string[]): Tally {
  const left = new Map<string, number>();
  for (const row of wanted) left.set(row, (left.get(row) ?? 0) + 1);
  let twice = 0;
  for (const row of found) {
    const more = left.get(row) ?? 0;
    if (more === 0) twice += 1;
    else left.set(row, more - 1);
  }
  const lost = [...left.values()].reduce((sum, one) => sum + one, 0);
  return { compared: wanted.length, lost, twice };
}

/** All of them together. */
export function sumOf(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, one) => ({
      compared: sum.compared + one.compared,
      lost: sum.lost + one.lost,
      twice: sum.twice + one.twice,
    }),
    NOTHING,
  );
}
