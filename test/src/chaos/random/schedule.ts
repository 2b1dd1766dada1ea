/** A schedule drawn from a seed: which processes there are, what happens to them and when, in terms of the run's own progress. */
import { counts } from "@nexus/local/sample";
import { type Dice, dice } from "../dice.ts";
import { freeze, kill, none, pause, requeueOne, scaleToNone } from "./of-processes.ts";
import {
  changingSource,
  condition,
  hugeRows,
  movingByHand,
  movingPatients,
  poison,
  poisonAll,
  renamedTable,
  serverCondition,
} from "./of-rows.ts";
import {
  aSourceTable,
  crashDatabase,
  crashQueue,
  cut,
  cutLine,
  fewConnections,
  flushQueue,
  halfOpen,
  lock,
  lockedTable,
  refusedLogin,
  refuseLogins,
  reset,
  terminate,
} from "./of-servers.ts";
import { among, type Kind, type Lasting, type Trouble } from "./trouble.ts";
import type { Sight } from "./watch.ts";
import { SAMPLE } from "./world.ts";

/** What may happen in the middle of a run, and be over. Half-open connections are rare: they are noticed after 15 s. */
const KINDS: readonly (readonly [weight: number, kind: Kind])[] = [
  [3, terminate],
  [2, refuseLogins],
  [2, fewConnections],
  [2, cut],
  [2, reset],
  [1, halfOpen],
  [2, flushQueue],
  [2, crashQueue],
  [2, crashDatabase],
  [3, lock],
  [4, kill],
  [2, freeze],
  [1, scaleToNone],
  [2, pause],
  [2, requeueOne],
  [3, condition],
  [2, poison],
  [2, changingSource],
  [2, movingPatients],
  [2, movingByHand],
];

/** What may be wrong before the run begins. */
const EARLY: readonly (readonly [weight: number, kind: Kind])[] = [
  [2, poison],
  [1, hugeRows],
];

/** What may never be over, unless somebody mends it: the run stops, with the true reason. */
const LASTING: readonly ((thrown: Dice) => Lasting)[] = [
  (thrown) => ({
    ...serverCondition(thrown, "53100"),
    reason: /^target 53100$/,
    finding: /^target_refuses$/,
  }),
  () => ({
    ...refusedLogin("source"),
    reason: /^source 28000$/,
    finding: /^(source_refuses|legacy_unreachable)$/,
  }),
  () => ({ ...refusedLogin("target"), reason: /^stall: /, finding: /^target_unreachable$/ }),
  () => ({ ...cutLine("queue"), reason: /^stall: /, finding: /^queue_unreachable$/ }),
  () => ({ ...cutLine("source"), reason: /^(source |stall: )/, finding: /^legacy_unreachable$/ }),
  () => ({ ...none("loader"), reason: /^stall: .*no loader/ }),
  () => ({ ...none("extractor"), reason: /^stall: .*no extractor/, finding: /^no_extractor$/ }),
  (thrown) => ({
    ...lockedTable(`legacy.${aSourceTable(thrown)}`, "access exclusive"),
    reason: /55P03/,
    finding: /^(source_locked|source_refuses)$/,
  }),
  (thrown) => renamedTable(aSourceTable(thrown)),
  (thrown) => poisonAll(thrown, "22P02"),
  (thrown) => poisonAll(thrown, "terminate"),
];

/** When something happens, by what is seen of the run. */
interface Moment {
  readonly says: string;
  readonly reached: (sight: Sight) => boolean;
}

export interface Event {
  readonly at: Moment;
  readonly trouble: Trouble;
  /** After so many more batches it is mended; or earlier, as soon as the run says what holds it up. Infinite: not before the run has stopped. */
  readonly lasts: number;
}

export interface Schedule {
  readonly seed: number;
  readonly extractors: number;
  readonly loaders: number;
  /** Added to the environment of the services. */
  readonly env: Readonly<Record<string, string>>;
  readonly early: readonly Trouble[];
  readonly events: readonly Event[];
  readonly lasting: { readonly at: Moment; readonly trouble: Lasting } | undefined;
}

/** Draws a schedule. The same for the same seed, as long as no kind is added. */
export function draw(seed: number): Schedule {
  const thrown = dice(seed * 7_919);
  const { batchRows, env } = environmentOf(Math.ceil(seed / 8));
  const total = batchesOf(batchRows);
  const extractors = thrown.upTo(2);
  const loaders = thrown.upTo(3);
  const early = Array.from({ length: Math.max(0, thrown.upTo(4) - 2) }, () =>
    oneOf(EARLY, thrown)(thrown),
  );
  const isStopped = thrown.upTo(4) === 1;
  const events = Array.from({ length: thrown.upTo(6) }, () => ({
    at: momentOf(thrown, total),
    trouble: oneOf(KINDS, thrown)(thrown),
    lasts: thrown.upTo(Math.ceil(total / 5)),
  }));
  const lasting = isStopped
    ? { at: momentOf(thrown, total), trouble: among(thrown, LASTING)(thrown) }
    : undefined;
  return { seed, extractors, loaders, env, early, events, lasting };
}

/** Eight seeds have the same: then their rounds share processes. */
function environmentOf(octave: number): {
  batchRows: number;
  env: Readonly<Record<string, string>>;
} {
  const thrown = dice(octave * 104_729);
  const batchRows = thrown.oneOf([20, 50, 100]);
  const env = {
    BATCH_ROWS: String(batchRows),
    LOADER_CONCURRENCY: String(thrown.upTo(3)),
    HIGH_WATER: String(thrown.oneOf([3, 200])),
    ...SHORT,
  };
  return { batchRows, env };
}

/** Bounds short enough for tests. */
const SHORT = {
  TICK_MS: "50",
  IDLE_TICK_MS: "50",
  CARE_MS: "300",
  QUEUE_LOCK_MS: "2000",
  QUEUE_STALLED_MS: "500",
  TARGET_IDLE_MS: "20000",
  TARGET_STATEMENT_MS: "10000",
  LEGACY_STATEMENT_MS: "10000",
  LOADER_ROW_MIB: "8",
};

function batchesOf(batchRows: number): number {
  const { offices, users, patients, projects, links, states, templates } = counts(SAMPLE.scale);
  const tables = [offices, users, patients, projects, projects, links, states, templates];
  return tables.reduce((sum, rows) => sum + Math.ceil(rows / batchRows), 0);
}

const SETTLING = ["practices", "profiles", "patients", "cases", "projects", "case_states"] as const;

/** In planning, in the last batch, while an entity settles, or after so many batches: two times in three the latter. */
function momentOf(thrown: Dice, total: number): Moment {
  const which = thrown.upTo(9);
  const some = thrown.upTo(total - 1);
  const entity = thrown.oneOf(SETTLING);
  if (which === 1) return { says: "in planning", reached: () => true };
  if (which === 2)
    return {
      says: `in the last batch (${total - 1} done)`,
      reached: ({ done }) => done >= total - 1,
    };
  if (which === 3)
    return {
      says: `when ${entity} settle`,
      reached: ({ entities }) => ["settling", "complete"].includes(entities[entity] ?? ""),
    };
  return { says: `after ${some} of ${total} batches`, reached: ({ done }) => done >= some };
}

function oneOf(weighted: readonly (readonly [number, Kind])[], thrown: Dice): Kind {
  let left = thrown.upTo(weighted.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, kind] of weighted) if ((left -= weight) <= 0) return kind;
  throw new Error("no weights");
}

/** The schedule in words, a line for each event. */
export function inWords({
  seed,
  extractors,
  loaders,
  env,
  early,
  events,
  lasting,
}: Schedule): string {
  return [
    `seed ${seed}: ${extractors} extractor(s), ${loaders} loader(s), ${env["BATCH_ROWS"]} rows a batch, ${env["LOADER_CONCURRENCY"]} at a time, high water ${env["HIGH_WATER"]}`,
    ...early.map(({ says }) => `  before: ${says}`),
    ...events.map(
      ({ at, trouble, lasts }) =>
        `  ${at.says}: ${trouble.says}${trouble.mend === undefined ? "" : ` (for ${lasts} batches, or until the run says so)`}`,
    ),
    ...(lasting === undefined ? [] : [`  ${lasting.at.says}, for good: ${lasting.trouble.says}`]),
    `  again: CHAOS_SEED=${seed} CHAOS_SEEDS=1 npx vitest run test/src/chaos/random`,
  ].join("\n");
}
