/** What was shown, held against what SQL counted at the same time. */
import type { RunView } from "@nexus/contract";

/** Rows of each entity that have an outcome, counted by SQL just after `began`. */
export interface Truth {
  readonly began: number;
  readonly rows: Readonly<Record<string, number>>;
}

/** An answer, as long as somebody saw it. */
export interface Observed {
  readonly from: number;
  readonly until: number;
  readonly view: RunView;
}

/**
 * How many ms ago SQL said what was shown, at most; and what was shown before SQL said it.
 * In a first run counts only rise: an answer is as old as the moment when SQL said more.
 */
export function compare(observed: readonly Observed[], truths: readonly Truth[]) {
  const shown = observed.flatMap(({ from, until, view }) =>
    view.entities.map(({ entity, loaded, rejected, parked }) => {
      return { from, until, entity, rows: loaded + rejected + parked };
    }),
  );
  const ages = shown.map(({ until, entity, rows }) => {
    const passed = truths.find((truth) => (truth.rows[entity] ?? 0) > rows);
    return passed === undefined ? 0 : until - passed.began;
  });
  const early = shown.filter(({ from, entity, rows }) => {
    const next = truths.find(({ began }) => began >= from);
    return next !== undefined && rows > (next.rows[entity] ?? 0);
  });
  return { oldest: Math.round(Math.max(0, ...ages)), early };
}

/** Places where something that was shown fell, or passed 100 percent. */
export function falls(observed: readonly Observed[]): string[] {
  const shown = observed.map(({ view }) => [
    view.totals.percent,
    ...view.entities.map(({ percent }) => percent),
  ]);
  return shown.flatMap((now, at) => {
    const before = shown[at - 1] ?? [];
    return now.flatMap((percent, of) =>
      percent > 100 || percent < (before[of] ?? 0)
        ? [`answer ${at}: ${before[of]} to ${percent}`]
        : [],
    );
  });
}
