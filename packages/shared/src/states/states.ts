/** Statuses and the arrows between them, a sentence each. `docs/states.md` draws them. */

/** For each status, the statuses that may follow, and what makes them follow. */
export type Arrows<S extends string> = Readonly<Record<S, Readonly<Partial<Record<S, string>>>>>;

export type RunStatus =
  | "planned"
  | "running"
  | "paused"
  | "completed"
  | "failed"
  | "cancelled"
  | "rolled_back";
export type EntityStatus =
  | "waiting"
  | "planning"
  | "planned"
  | "loading"
  | "settling"
  | "complete"
  | "blocked"
  | "skipped"
  | "cancelled"
  | "rolled_back";
export type BatchStatus = "planned" | "queued" | "done" | "failed" | "cancelled" | "rolled_back";

/** What a run reads: every row of its entities, or only those that changed since they were loaded. */
export const RUN_MODES = ["full", "delta"] as const;
export type RunMode = (typeof RUN_MODES)[number];

export const runArrows: Arrows<RunStatus> = {
  planned: {
    running: "an extractor found the source fit to be read",
    failed: "the source lacks something that the mapping needs",
    cancelled: "an operator cancelled it before it began",
  },
  running: {
    paused: "an operator paused it; what was in flight has finished",
    completed: "every entity is settled",
    cancelled: "an operator cancelled it; what was in flight has finished",
  },
  paused: {
    running: "an operator resumed it",
    cancelled: "an operator cancelled it",
  },
  completed: { rolled_back: "an extractor took back what all of its entities had written" },
  failed: {},
  cancelled: { rolled_back: "an extractor took back what all of its entities had written" },
  rolled_back: {},
};

export const entityArrows: Arrows<EntityStatus> = {
  waiting: {
    planning: "its first ranges are planned",
    planned: "the source holds no row beyond its first ranges",
    cancelled: "the run was cancelled",
  },
  planning: {
    planned: "the source holds no row beyond the last range",
    cancelled: "the run was cancelled",
  },
  planned: {
    loading: "every parent is settled, and its backup is taken, if the run takes any",
    blocked: "its backup failed five times in a row",
    cancelled: "the run was cancelled",
  },
  loading: {
    settling:
      "no batch is planned or queued any more; or too many rows were lost, and none is queued",
    cancelled: "the run was cancelled",
  },
  settling: {
    complete: "no batch failed, and the sum of outcomes equals what was read",
    blocked:
      "a batch failed for good, the sum does not close, or too many rows were lost for reasons that nobody foresaw",
    loading: "an operator requeued batches meanwhile",
    cancelled: "the run was cancelled",
  },
  complete: {
    loading: "an operator requeued batches, or a parent of parked rows arrived",
    rolled_back: "an extractor took back what it had written, after the run",
  },
  blocked: {
    planned: "an operator has its backup tried again, or lets it be written without",
    loading:
      "an operator requeued batches or lets it lose more rows, or a parent of parked rows arrived",
    cancelled: "the run was cancelled",
    rolled_back: "an extractor took back what it had written, after the run",
  },
  skipped: {},
  cancelled: { rolled_back: "an extractor took back what it had written, after the run" },
  rolled_back: {},
};

export const batchArrows: Arrows<BatchStatus> = {
  planned: {
    queued: "the dispatcher enqueues it for the loaders",
    cancelled: "the run was cancelled",
  },
  queued: {
    done: "its rows and their outcomes are committed",
    failed: "its fifth attempt failed, or a person must look",
    planned: "it was handed back: paused, shut down, or to be tried again later",
    cancelled: "the run was cancelled",
  },
  done: {
    planned:
      "requeued: the next generation replaces its counts (what it wrote is added up), notes and exceptions",
    rolled_back: "its entity was rolled back",
  },
  failed: {
    planned: "requeued: the next generation starts with no attempts",
    cancelled: "the run was cancelled",
    rolled_back: "its entity was rolled back",
  },
  cancelled: { rolled_back: "its entity was rolled back" },
  rolled_back: {},
};

/** An entity of a run, as far as its children and its run are concerned. */
export interface Standing {
  readonly status: EntityStatus;
  /** An operator lets its children go on, should it be blocked. */
  readonly waived: boolean;
}

/** Its children may be written, and its run may be completed. One that loads again is not settled until it was settled again. */
export function isSettled(one: Standing): boolean {
  return one.status === "complete" || one.status === "skipped" || isWaived(one);
}

/** `isSettled`, as SQL over a row of `migration.run_entities`, which the query names so. */
export function settled(row: string): string {
  return `(${row}.status in ('complete', 'skipped') or (${row}.status = 'blocked' and ${row}.waived))`;
}

/** What an operator said: its children go on, though it is blocked. */
export function isWaived({ status, waived }: Standing): boolean {
  return status === "blocked" && waived;
}

/** An operator must do something about it. Reports have statuses of their own besides those of an entity. */
export function isBlocked({
  status,
  waived,
}: Pick<Standing, "waived"> & { readonly status: string }): boolean {
  return status === "blocked" && !waived;
}

/** `isBlocked`, as SQL over a row of `migration.run_entities`, which the query names so. */
export function blocked(row: string): string {
  return `(${row}.status = 'blocked' and not ${row}.waived)`;
}

/** Statuses of a run that keep another one from starting. */
export const activeRunStatuses: readonly RunStatus[] = ["planned", "running", "paused"];

/** The statuses that a status may follow: where an operation that leads to it is possible. */
export function before<S extends string>(arrows: Arrows<S>, to: S): S[] {
  return statusesOf(arrows).filter((from) => arrows[from][to] !== undefined);
}

/** All statuses, in the order of their table. */
export function statusesOf<S extends string>(arrows: Arrows<S>): S[] {
  const statuses: S[] = [];
  for (const status in arrows) statuses.push(status);
  return statuses;
}
