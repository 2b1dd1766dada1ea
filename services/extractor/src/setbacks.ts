/** Steps that failed for one entity: each is tried again after a while, and keeps no other waiting. */
import {
  errorCode,
  type Pool,
  type Queryable,
  refusalCode,
  type Server,
} from "@nexus/shared/database";
import { clearHold, recordRefusal, type Run } from "@nexus/shared/ledger";
import type { EntityStatus } from "@nexus/shared/states";
import type { Deps } from "./deps.ts";

/** What an extractor remembers of failures: by step and entity, how often in a row, and until when it is left alone. */
export type Setbacks = Map<string, Setback>;

interface Setback {
  readonly times: number;
  readonly until: number;
  /** The server that refused, where one did. */
  readonly refused: Server | undefined;
}

/** A memory of nothing. */
export function startSetbacks(): Setbacks {
  return new Map();
}

/** Milliseconds until the second try; doubled with each further failure, up to the last. */
const FIRST_MS = 250;
const LAST_MS = 5_000;

/** Milliseconds that a statement may wait for a lock: longer than any of ours is held, short enough for the others to wait. */
export const LOCK_MS = 500;

/** The same where nobody waits behind it: less noise, and people can see who waits for whom. */
export const PATIENT_LOCK_MS = 15_000;

/** Milliseconds that the first try of a slow statement may take; each further try may take twice as long. */
const PATIENCE_MS = 5_000;

/** What is tried, and for which entity of a run. `statuses`: those in which the entity is while it can be tried. */
export interface Step {
  readonly name: "plan" | "settle" | "dispatch" | "release" | "count" | "gone";
  readonly entity: string;
  readonly statuses: readonly EntityStatus[];
}

/** Whether a step may be tried now. */
export function isDue(setbacks: Setbacks, step: Step): boolean {
  return performance.now() >= (setbacks.get(keyOf(step))?.until ?? 0);
}

/** Whether a step failed when it was last tried. */
export function hasFailed(setbacks: Setbacks, step: Step): boolean {
  return setbacks.has(keyOf(step));
}

/** Milliseconds that a statement of the step may take, at most `most`. */
export function patience(setbacks: Setbacks, step: Step, most: number): number {
  return Math.min(most, PATIENCE_MS * 2 ** (setbacks.get(keyOf(step))?.times ?? 0));
}

/**
 * Does a step if it is due. Its error is written beside the entity, for people to see, and goes no further: undefined then.
 * Throws when this process stops, and when the ledger cannot be told.
 */
export async function attempt<T>(
  { target, log, signal }: Deps,
  run: Run,
  setbacks: Setbacks,
  step: Step,
  work: () => Promise<T>,
): Promise<T | undefined> {
  if (!isDue(setbacks, step)) return undefined;
  try {
    const result = await work();
    await forget(target, setbacks, step);
    return result;
  } catch (error) {
    if (signal.aborted) throw error;
    const refused = await recordRefusal(target, error);
    const code = refused === undefined ? (errorCode(error) ?? "defect") : refusalCode(error);
    const { name, entity, statuses } = step;
    log.warn(
      { runId: run.id, step: name, entity, code, err: error },
      "a step failed for one entity",
    );
    remember(setbacks, step, refused);
    await noteError(target, run.id, entity, statuses, code);
    return undefined;
  }
}

/** What held it up does so no longer. */
async function forget(target: Pool, setbacks: Setbacks, step: Step): Promise<void> {
  const server = setbacks.get(keyOf(step))?.refused;
  setbacks.delete(keyOf(step));
  if (server !== undefined) await clearHold(target, server);
}

function remember(setbacks: Setbacks, step: Step, refused: Server | undefined): void {
  const times = (setbacks.get(keyOf(step))?.times ?? 0) + 1;
  const until = performance.now() + Math.min(LAST_MS, FIRST_MS * 2 ** times);
  setbacks.set(keyOf(step), { times, until, refused });
}

function keyOf({ name, entity }: Step): string {
  return `${name} ${entity}`;
}

/** Writes down why an entity of a run does not get on, while it has one of some statuses. It goes with the next step that succeeds. */
async function noteError(
  db: Queryable,
  runId: number,
  entity: string,
  statuses: readonly EntityStatus[],
  errorCode: string,
): Promise<void> {
  await db.query(
    `update migration.run_entities set error_code = $4
     where run_id = $1 and entity = $2 and status = any($3::text[]) and error_code is distinct from $4`,
    [runId, entity, statuses, errorCode],
  );
}
