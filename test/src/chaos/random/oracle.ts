/** The oracle: floor.sql's result of the same source, cell by cell, and why each row that is not there is not there. */
import { entities, type Entity } from "@nexus/catalog";
import { openPool } from "@nexus/shared/database";
import { brokenInvariants, missingKeys } from "@nexus/shared/ledger";
import { type Difference, differences, makeFloor } from "../../beside-the-floor.ts";
import type { Stage } from "./trouble.ts";

/**
 * `first`: the run in which things happened. What changed in its middle may be as it was before or as it is now.
 * `quiet`: everything was mended, and a run without trouble came after it: the target equals the floor, and nothing is left out.
 */
export type Phase = "first" | "quiet";

/** Bytes of a row that the loaders of a round refuse, and those of which they may. */
const TOO_LARGE = 8 * 2 ** 20;

/** What is wrong with a target whose run is completed; none, if it is as it must be. */
export async function complaints(stage: Stage, phase: Phase): Promise<string[]> {
  const { db, done, url } = stage;
  const moved = phase === "first" && done.sourceChanged;
  if (done.sourceChanged) {
    await db.query(
      "drop schema if exists floor_before cascade; alter schema floor rename to floor_before",
    );
    await makeFloor(stage.postgres, url);
  }
  const found: string[] = [];
  for (const entity of entities) found.push(...(await complaintsOf(stage, entity, phase)));
  for (const one of await brokenInvariants(db, entities))
    found.push(`invariant ${one.name}: ${one.entity} ${one.count} (${one.some})`);
  if (!moved)
    for (const one of await missing(stage)) found.push(`${one.name}: ${one.entity} (${one.some})`);
  return found;
}

/** Sees the source as services do. */
async function missing({ db, url }: Stage): ReturnType<typeof missingKeys> {
  const legacy = openPool({
    url: `${url}?options=-c%20search_path%3Dlegacy`,
    max: 1,
    name: "test",
    onError: () => undefined,
  });
  try {
    return await missingKeys(legacy, db, entities);
  } finally {
    await legacy.end();
  }
}

interface Exception {
  readonly key: number;
  readonly outcome: "rejected" | "parked";
  readonly reason: string;
  readonly parent: string | null;
  readonly parentKey: number | null;
}

async function complaintsOf(stage: Stage, entity: Entity, phase: Phase): Promise<string[]> {
  const exceptions = await openExceptions(stage, entity.name);
  const changed =
    phase === "first" && stage.done.sourceChanged
      ? await changedKeys(stage, entity)
      : new Set<number>();
  return [
    ...(await unexplained(stage, entity, phase, exceptions)).filter(({ key }) => !changed.has(key)),
    ...(await untrue(stage, entity, phase, exceptions)).filter(({ key }) => !changed.has(key)),
    ...(phase === "first" ? accepted(stage, entity, exceptions) : []).filter(
      ({ key }) => !changed.has(key),
    ),
  ].map(({ key, says }) => `${entity.name} ${key}: ${says}`);
}

interface Complaint {
  readonly key: number;
  readonly says: string;
}

type Exceptions = ReadonlyMap<number, Exception>;

/** Differences from the floor that no exception and no rule explains. */
async function unexplained(
  stage: Stage,
  entity: Entity,
  phase: Phase,
  exceptions: Exceptions,
): Promise<Complaint[]> {
  const found: Complaint[] = [];
  for (const { key, columns } of await differences(stage.db, entity, 10_000)) {
    const isExplained =
      columns === "not in ours"
        ? exceptions.has(key)
        : await isAllowed(stage, entity, { key, columns }, phase);
    if (!isExplained) found.push({ key, says: columns });
  }
  return found;
}

/** Exceptions without a true reason. */
async function untrue(
  stage: Stage,
  entity: Entity,
  phase: Phase,
  exceptions: Exceptions,
): Promise<Complaint[]> {
  const found: Complaint[] = [];
  for (const one of exceptions.values()) {
    const why = await (one.outcome === "rejected" ? whyRejected : whyParked)(
      stage,
      entity,
      one,
      phase,
    );
    if (why !== undefined)
      found.push({ key: one.key, says: `${one.outcome} (${one.reason}), but ${why}` });
  }
  return found;
}

/** Rows that the target refused from the beginning, and that are there all the same. */
function accepted({ done }: Stage, { name }: Entity, exceptions: Exceptions): Complaint[] {
  return done.poisoned
    .filter(({ entity, key, early }) => early && entity === name && !exceptions.has(key))
    .map(({ key }) => ({ key, says: "is loaded, though the target refuses it" }));
}

async function openExceptions({ db }: Stage, entity: string): Promise<Map<number, Exception>> {
  const { rows } = await db.query<Exception>(
    `select legacy_id as key, outcome, reason, missing_entity as parent, missing_id as "parentKey"
     from migration.exceptions where entity = $1 and resolved_at is null`,
    [entity],
  );
  return new Map(rows.map((row) => [row.key, row]));
}

/** Keys whose floor changed with the source, though it may have changed back. */
async function changedKeys(
  { db, done }: Stage,
  { target: { table, key } }: Entity,
): Promise<Set<number>> {
  const changed = ["floor_before", ...done.floorsBetween].map(
    (former) =>
      `select coalesce(a.${key}, b.${key}) as key from floor.${table} a full join ${former}.${table} b on b.${key} = a.${key}
       where to_jsonb(a) - array['created_at', 'updated_at'] is distinct from to_jsonb(b) - array['created_at', 'updated_at']`,
  );
  const { rows } = await db.query<{ key: number }>(changed.join(" union "));
  return new Set(rows.map((row) => row.key));
}

/** Differences that the contract has: rows that are gone from the source stay; a pair that was linked anew keeps its id. */
async function isAllowed(
  stage: Stage,
  entity: Entity,
  { key, columns }: Difference,
  phase: Phase,
): Promise<boolean> {
  const { done } = stage;
  if (columns === "not in the floor") return !(await isInSource(stage, entity, key));
  if (entity.name === "practice_members" && columns === "id") return done.sourceChanged;
  // A row that was moved twice may be as it was in between, of which no floor was made.
  if (phase === "first" && (done.movedByHand || done.moves > 1)) return columns === "practice_id";
  return false;
}

async function isInSource(
  { db }: Stage,
  { source: { table, key } }: Entity,
  of: number,
): Promise<boolean> {
  const { rowCount } = await db.query(`select from legacy.${table} where ${key} = $1`, [of]);
  return rowCount !== 0;
}

/** Why a row should not have been rejected; undefined where it was right. */
async function whyRejected(
  { db, done }: Stage,
  { name, target: { table, key: column } }: Entity,
  { key, reason }: Exception,
  phase: Phase,
): Promise<string | undefined> {
  const { rows } = await db.query<{ size: number }>(
    `select octet_length(to_jsonb(f)::text) as size from floor.${table} f where ${column} = $1`,
    [key],
  );
  const [row] = rows;
  if (row === undefined) return undefined; // The floor has not got it either: no case can be found for it.
  if (reason === "row_too_large")
    return row.size > TOO_LARGE ? undefined : `it has ${row.size} bytes`;
  const poisons = done.poisoned.filter((one) => one.entity === name && one.key === key);
  if (poisons.length === 0) return "nothing refuses it";
  return phase === "first" && poisons.some((one) => one.reason.test(reason))
    ? undefined
    : "nothing refuses it any more, or for another reason";
}

/** Why a row should not have been parked; undefined where its parent is an exception itself, or came while the run went on. */
async function whyParked(
  stage: Stage,
  _: Entity,
  { parent, parentKey }: Exception,
  phase: Phase,
): Promise<string | undefined> {
  const of = entities.find(({ name }) => name === parent);
  if (of === undefined || parentKey === null) return "it waits for no parent";
  if ((await openExceptions(stage, of.name)).has(parentKey)) return undefined;
  const mayBeNew = phase === "first" && stage.done.sourceChanged;
  if (mayBeNew && (await changedKeys(stage, of)).has(parentKey)) return undefined;
  return `${of.name} ${parentKey} is no exception`;
}
