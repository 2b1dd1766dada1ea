/** A run as a simulation of rates: entities that wait for each other, workers, and a pace that drifts. For tests of the estimator. */
import { type Counts, type Pace, type Slice, usualCost } from "./evidence.ts";

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Entity {
  readonly name: string;
  readonly parents: readonly string[];
  readonly rows: number;
  /** Seconds of a row, on a quiet machine. */
  readonly cost: number;
}

interface Done {
  readonly entity: string;
  readonly read: number;
  readonly began: number;
  readonly at: number;
}

export interface SimulatedRun {
  /** Seconds from the moment when a tenth of the work was done to the end. */
  readonly left: number;
  /** What the ledger showed at that moment. */
  readonly counts: readonly Counts[];
  readonly pace: Pace;
}

/** The eight entities of the catalog, and who waits for whom. */
const PARENTS: Readonly<Record<string, readonly string[]>> = {
  practices: [],
  profiles: ["practices"],
  practice_members: ["practices", "profiles"],
  workflow_templates: ["practices"],
  patients: ["profiles"],
  cases: ["patients"],
  projects: ["cases"],
  case_states: ["cases"],
};
/** How costs on other machines differ from the usual ones beside each other, as a logarithm. Between three settings of ours: 0.22 and 0.24. */
const SPREAD = 0.3;
const BATCH = 1_000;
const SLICES = 12;

/** Runs one. An even seed has an earlier run on record, whose costs were up to a third off. */
export function simulateRun(seed: number): SimulatedRun {
  const random = dice(seed);
  const slowness = Math.exp(0.7 * normal(random));
  const entities = Object.entries(PARENTS).map(([name, parents]) => ({
    name,
    parents,
    rows: Math.round(BATCH * (3 + 300 * random() ** 2)),
    cost: (slowness * usualCost(name) * Math.exp(SPREAD * normal(random))) / 1_000,
  }));
  const batches = runAll(entities, 1 + Math.floor(random() * 8), random);
  const rows = entities.reduce((sum, one) => sum + one.rows, 0);
  let read = 0;
  const now = batches.find((batch) => (read += batch.read) >= rows / 10)?.at ?? 0;
  const end = Math.max(...batches.map(({ at }) => at));
  const earlier = new Map(
    seed % 2 === 1
      ? []
      : entities.map(({ name, cost }) => [name, 1_000 * cost * (0.67 + 0.66 * random())]),
  );
  return {
    left: end - now,
    counts: entities.map((one) => countsAt(one, batches, now)),
    pace: paceAt(batches, now, earlier),
  };
}

/** Workers take the next batch of whatever is open, in the order of the catalog, until nothing is left. */
function runAll(entities: readonly Entity[], workers: number, random: () => number): Done[] {
  const speed = drift(random);
  const free = Array<number>(workers).fill(0);
  const taken = new Map(entities.map(({ name }) => [name, 0]));
  const ends = new Map<string, number>();
  const done: Done[] = [];
  const opensAt = (one: Entity): number =>
    Math.max(0, ...one.parents.map((parent) => ends.get(parent) ?? Infinity));
  for (let left = entities.length; left > 0;) {
    const worker = free.indexOf(Math.min(...free));
    const open = entities.filter(
      (one) => (taken.get(one.name) ?? 0) < one.rows && opensAt(one) < Infinity,
    );
    const next = open.toSorted((a, b) => opensAt(a) - opensAt(b))[0];
    if (next === undefined) throw new Error("nothing is open");
    const read = Math.min(BATCH, next.rows - (taken.get(next.name) ?? 0));
    const began = Math.max(free[worker] ?? 0, opensAt(next));
    const at = began + read * next.cost * speed(began) * Math.exp(0.25 * normal(random));
    free[worker] = at;
    taken.set(next.name, (taken.get(next.name) ?? 0) + read);
    done.push({ entity: next.name, read, began, at });
    if (taken.get(next.name) === next.rows) {
      ends.set(
        next.name,
        Math.max(...done.filter(({ entity }) => entity === next.name).map((one) => one.at)),
      );
      left--;
    }
  }
  return done.toSorted((a, b) => a.at - b.at);
}

/** A factor that wanders around 1: half as fast at times, for minutes. */
function drift(random: () => number): (second: number) => number {
  const steps: number[] = [];
  for (let step = 0, level = 0; step < 10_000; step++)
    steps.push((level = 0.95 * level + 0.06 * normal(random)));
  return (second) => Math.exp(steps[Math.min(steps.length - 1, Math.floor(second / 5))] ?? 0);
}

function countsAt({ name, rows }: Entity, batches: readonly Done[], now: number): Counts {
  const mine = batches.filter(({ entity, at }) => entity === name && at <= now);
  const read = mine.reduce((sum, one) => sum + one.read, 0);
  const loadMs = mine.reduce((sum, { began, at }) => sum + 1_000 * (at - began), 0);
  return {
    entity: name,
    status: read === rows ? "complete" : "loading",
    expected: rows,
    read,
    loadMs,
  };
}

function paceAt(batches: readonly Done[], now: number, earlier: ReadonlyMap<string, number>): Pace {
  const sliceSeconds = Math.min(300, now) / SLICES;
  const slices = batches
    .filter(({ at }) => at <= now && at > now - SLICES * sliceSeconds)
    .map(({ entity, read, at }): Slice => ({
      entity,
      read,
      ago: Math.min(SLICES - 1, Math.floor((now - at) / sliceSeconds)),
    }));
  return { seconds: now, slices, sliceCount: SLICES, sliceSeconds, earlier };
}

/** Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
