/** From the ledger's counts to work in units of equal cost: the loader's milliseconds behind a row of each entity. */
import { entities as catalog } from "@nexus/catalog";
import type { EntityProgress } from "@nexus/shared/ledger";
import type { Evidence } from "./estimate.ts";

export type Counts = Pick<EntityProgress, "entity" | "status" | "expected" | "read" | "loadMs">;

/** Rows of an entity that were read in one slice of time; 0 is the slice that ends now. */
export interface Slice {
  readonly entity: string;
  readonly ago: number;
  readonly read: number;
}

/** What was measured of a run's pace. */
export interface Pace {
  /** Since its first entity opened, without pauses. */
  readonly seconds: number;
  readonly slices: readonly Slice[];
  readonly sliceCount: number;
  readonly sliceSeconds: number;
  /** Milliseconds of a row in the newest earlier run of each entity. */
  readonly earlier: ReadonlyMap<string, number>;
}

/** What most entities cost. */
const AVERAGE_MS = 0.25;

/**
 * Milliseconds of a loader for a row of this entity, before any was moved. Beside each other these say more than the average of what
 * was done: the first entities of a run are the small ones, whose rows cost ten times those of cases and projects.
 */
export function usualCost(entity: string): number {
  return catalog.find(({ name }) => name === entity)?.rowCostMs ?? AVERAGE_MS;
}

/** What the pace of a run says of the work that is left in it. */
export function evidenceOf(entities: readonly Counts[], pace: Pace): Evidence {
  const costs = costsOf(entities, pace.earlier);
  const cost = (entity: string): number => costs.known.get(entity) ?? costs.usual(entity);
  const work = (rowsOf: (one: Counts) => number, among = entities): number =>
    among.reduce((sum, one) => sum + rowsOf(one) * cost(one.entity), 0);
  const left = work(rowsLeft);
  const guessed = work(
    rowsLeft,
    entities.filter(({ entity }) => !costs.known.has(entity)),
  );
  const slices = Array<number>(pace.sliceCount).fill(0);
  for (const { entity, ago, read } of pace.slices)
    slices[ago] = (slices[ago] ?? 0) + (read * cost(entity)) / pace.sliceSeconds;
  return {
    left,
    guessed: left === 0 ? 0 : guessed / left,
    done: work(({ read }) => read),
    seconds: pace.seconds,
    slices,
    sliceSeconds: pace.sliceSeconds,
  };
}

/** What is left of each entity, in units of equal cost. `earlier`: see `Pace`. */
export function workLeft(
  entities: readonly Counts[],
  earlier: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const { known, usual } = costsOf(entities, earlier);
  return new Map(
    entities.map((one) => [
      one.entity,
      rowsLeft(one) * (known.get(one.entity) ?? usual(one.entity)),
    ]),
  );
}

function rowsLeft({ status, expected, read }: Counts): number {
  return status === "complete" || status === "skipped" || status === "cancelled"
    ? 0
    : Math.max(0, expected - read);
}

/** Milliseconds of a row: in this run, else in an earlier one; what nobody has done yet costs what is usual beside what was done. */
function costsOf(entities: readonly Counts[], earlier: ReadonlyMap<string, number>) {
  const known = new Map(earlier);
  for (const { entity, read, loadMs } of entities)
    if (read > 0 && loadMs > 0) known.set(entity, loadMs / read);
  const sum = (of: (one: Counts) => number): number =>
    entities.reduce((total, one) => total + of(one), 0);
  const usually = sum(({ entity, read, loadMs }) => (loadMs > 0 ? read * usualCost(entity) : 0));
  const slowness = usually === 0 ? 1 : sum(({ loadMs }) => loadMs) / usually;
  return { known, usual: (entity: string): number => slowness * usualCost(entity) };
}
