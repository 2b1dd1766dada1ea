/** Planning: an entity's keys are cut into ranges, a chunk at a time, and the cursor lies in the ledger. */
import { entities, type Entity, entityNamed } from "@nexus/catalog";
import { type Bounds, inTransaction, readAtOnce, together } from "@nexus/shared/database";
import {
  activeRun,
  BEGINNING,
  entitiesIn,
  type Key,
  type KnownRange,
  type PlanCursor,
  planCursor,
  type Range,
  recordDelta,
  recordPlan,
  type Run,
} from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import type { EntityStatus } from "@nexus/shared/states";
import { inSpan } from "@nexus/shared/telemetry";
import { countExcluded } from "./excluded.ts";
import { beginPlanning, circumstancesOf, knownBehind } from "./delta/known.ts";
import { planByVersions } from "./delta/plan-by-versions.ts";
import { NOTHING_COMPARED, planCompared } from "./delta/plan-compared.ts";
import type { Deps } from "./deps.ts";
import {
  attempt,
  hasFailed,
  LOCK_MS,
  patience,
  PATIENT_LOCK_MS,
  type Setbacks,
  startSetbacks,
  type Step,
} from "./setbacks.ts";

/** Batches planned in one step: at 1,000 rows each, the legacy server walks 50,000 index entries. */
const BATCHES_PER_CHUNK = 50;

/**
 * One round of planning, beside everything else: neither a lock nor an error of the source keeps anything from being dispatched or
 * settled. Returns the milliseconds until the next.
 */
export async function plan(deps: Deps, setbacks: Setbacks): Promise<number> {
  const { tickMs, idleTickMs } = deps.settings;
  const run = await activeRun(deps.target);
  if (run?.held === true) return idleTickMs;
  if (run?.status !== "running") return run?.status === "planned" ? tickMs : idleTickMs;
  if (await planNext(deps, run, setbacks)) return 0;
  await countExcluded(deps, run, setbacks);
  return idleTickMs;
}

/**
 * Plans the next chunk of the first entity that is not wholly planned, and of the next one where that fails. Returns whether there
 * was one.
 */
export async function planNext(
  deps: Deps,
  run: Run,
  setbacks: Setbacks = startSetbacks(),
): Promise<boolean> {
  const names = await entitiesIn(deps.target, run.id, UNPLANNED);
  for (const name of names) {
    const step = stepOf(name);
    const others = names.filter((other) => other !== name);
    const bounds = boundsOf(deps, setbacks, step, others);
    const facts = { "nexus.run": run.id, "nexus.entity": name };
    const planned = await attempt(deps, run, setbacks, step, () =>
      inSpan({ name: "plan", facts, under: run.traceContext }, () =>
        planChunk(deps, run, name, bounds),
      ),
    );
    if (planned === true) return true;
  }
  return false;
}

const UNPLANNED: readonly EntityStatus[] = ["waiting", "planning"];

function stepOf(entity: string): Step {
  return { name: "plan", entity, statuses: UNPLANNED };
}

/** Where no other can be planned meanwhile (all have failed lately, or there is none), a lock may be waited for. */
function boundsOf(
  { settings, signal }: Deps,
  setbacks: Setbacks,
  step: Step,
  others: readonly string[],
): ChunkBounds {
  const patient = others.every((other) => hasFailed(setbacks, stepOf(other)));
  const lockMs = patient ? PATIENT_LOCK_MS : LOCK_MS;
  const thinkMs = patience(setbacks, step, settings.legacyStatementMs);
  return {
    lockMs,
    statementMs: Math.min(settings.legacyStatementMs, Math.max(thinkMs, 2 * lockMs)),
    signal,
  };
}

/** How long the source may think about a chunk, and wait for a lock. Milliseconds. */
interface ChunkBounds extends Bounds {
  readonly lockMs: number;
}

async function planChunk(
  deps: Deps,
  run: Run,
  name: string,
  bounds: ChunkBounds,
): Promise<boolean> {
  const cursor = await planCursor(deps.target, run.id, name);
  if (cursor === undefined) return true;
  const entity = entityNamed(entities, name);
  if (cursor.cursor === BEGINNING && !(await beginPlanning(deps, run, entity))) return true;
  const [first, planned] = await planKnown(deps, run, entity, cursor, bounds);
  if (planned) return true;
  const ranges = await nextRanges(deps, entity, cursor, first?.after ?? null, bounds);
  failpoint("plan.read");
  const isAll = rowsIn(ranges) < BATCHES_PER_CHUNK * deps.settings.batchRows;
  await inTransaction(deps.target, (tx) =>
    isAll && first !== undefined
      ? recordDelta(tx, run.id, name, cursor, { ...NOTHING_COMPARED, ranges, to: first.after })
      : recordPlan(tx, run.id, name, cursor, ranges, isAll),
  );
  failpoint("plan.recorded");
  return true;
}

/** What a delta can compare at the cursor. Returns the next range of which something is known, and whether that was planned. */
async function planKnown(
  deps: Deps,
  run: Run,
  entity: Entity,
  cursor: PlanCursor,
  bounds: ChunkBounds,
): Promise<readonly [KnownRange | undefined, boolean]> {
  const version = run.mode === "delta" ? await circumstancesOf(deps, run, entity) : null;
  if (version === null) return [undefined, false];
  const isFirst = cursor.cursor === BEGINNING;
  if (isFirst && (await planByVersions(deps, run, entity, cursor, { version, bounds })))
    return [undefined, true];
  const known = await knownBehind(deps, entity, version, cursor);
  const [first] = known;
  if (first?.after !== cursor.cursor) return [first, false];
  return [first, await planCompared(deps, run, entity, cursor, known, bounds)];
}

/** Ranges (previous to, to] of equal row counts, read from the primary key's index, up to a key or to the last one. */
async function nextRanges(
  { legacy, settings }: Deps,
  entity: Entity,
  { cursor }: PlanCursor,
  upTo: Key | null,
  { lockMs, ...bounds }: ChunkBounds,
): Promise<Range[]> {
  const { table, key } = entity.source;
  const [, slices] = await readAtOnce(
    legacy,
    (tx) =>
      together([
        tx.query(`set local lock_timeout = ${lockMs}`),
        tx.query<{ to: number | string; expected: number }>(
          `select max(key)::bigint as "to", count(*) as expected from (
           select key, (row_number() over (order by key) - 1) / $2::integer as slice from (
             select ${key} as key from ${table} where ${key} > $1::bigint and ($4::bigint is null or ${key} <= $4) order by ${key} limit $3) page) numbered
         group by slice order by slice`,
          [cursor, settings.batchRows, settings.batchRows * BATCHES_PER_CHUNK, upTo],
        ),
      ]),
    bounds,
  );
  let after = cursor;
  return slices.rows.map((slice) => {
    const range = { after, to: slice.to, expected: slice.expected };
    after = slice.to;
    return range;
  });
}

function rowsIn(ranges: readonly Range[]): number {
  return ranges.reduce((rows, range) => rows + range.expected, 0);
}
