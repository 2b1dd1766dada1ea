/** Plans, of ranges whose rows are known, what has changed since. */
import type { Entity } from "@nexus/catalog";
import { inTransaction } from "@nexus/shared/database";
import {
  type DeltaPlan,
  type KnownRange,
  knownRows,
  type PlanCursor,
  recordDelta,
  type Run,
} from "@nexus/shared/ledger";
import type { Deps } from "../deps.ts";
import { type Ask, type AskBounds, incomplete, rowsOf, unlike } from "./ask-fingerprints.ts";
import { type Changed, changedIn, isReadWhole, planOf } from "./changed-rows.ts";
import { shapeOf } from "./known.ts";
import { isQuiet } from "./source-marks.ts";

/** So many ranges are compared by their sums first: where they differ, the others of the step are looked at row by row at once. */
const PROBE = 1;

/** What is planned where nothing was compared. */
export const NOTHING_COMPARED = {
  ranges: [],
  keys: [],
  unchanged: 0,
  compared: 0,
  equal: 0,
} as const satisfies Omit<DeltaPlan, "to">;

/** Compares adjacent ranges, the first of which begins at the cursor, with the source as it is now. Returns true: it is planned further. */
export async function planCompared(
  deps: Deps,
  run: Run,
  entity: Entity,
  cursor: PlanCursor,
  known: readonly KnownRange[],
  bounds: AskBounds,
): Promise<true> {
  const { legacy, target, settings } = deps;
  const shape = await shapeOf(deps, run);
  const ask = { legacy, entity, shape, bounds };
  const suspects = (await isQuiet(target, run, entity, shape))
    ? await incomplete(ask, known)
    : await differing(ask, known);
  const changed = await compare(deps, ask, suspects);
  const rows = new Map(known.map(({ id, rows: count }) => [id, count]));
  for (const one of changed) rows.set(one.range.id, isReadWhole(one) ? 0 : one.unchanged);
  const plan = planOf(changed, settings.batchRows);
  const to = known.at(-1)?.to ?? cursor.cursor;
  const unchanged = [...rows.values()].reduce((total, count) => total + count, 0);
  const counts = { unchanged, compared: known.length, equal: known.length - changed.length };
  await inTransaction(target, (tx) =>
    recordDelta(tx, run.id, entity.name, cursor, { ...plan, ...counts, to }),
  );
  return true;
}

/** Those that are to be looked at row by row. */
async function differing(ask: Ask, known: readonly KnownRange[]): Promise<KnownRange[]> {
  const probe = known.slice(0, PROBE);
  const others = known.slice(PROBE);
  const first = await unlike(ask, probe);
  return [...first, ...(first.length > 0 ? others : await unlike(ask, others))];
}

async function compare(
  { target }: Pick<Deps, "target">,
  ask: Ask,
  ranges: readonly KnownRange[],
): Promise<Changed[]> {
  const before = await knownRows(
    target,
    ranges.map(({ id }) => id),
  );
  const now = await rowsOf(ask, ranges);
  return ranges
    .map((range, at) => changedIn(range, before.get(range.id) ?? new Map(), now[at] ?? new Map()))
    .filter(({ keys, gone }) => keys.length + gone.length > 0);
}
