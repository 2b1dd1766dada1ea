/** What is known of an entity's source rows when it is planned: the fingerprints of earlier runs. See docs/decisions/delta.md. */
import type { Entity, SourceShape } from "@nexus/catalog";
import {
  inTrips,
  nextStep,
  type Queryable,
  readOnly,
  readSourceShape,
  readTargetTables,
  together,
} from "@nexus/shared/database";
import {
  claimEntity,
  fingerprintVersion,
  idNamespace,
  type KnownRange,
  knownRanges,
  lacksKnownRows,
  type PlanCursor,
  type Run,
  sourceAtBegin,
  voidFingerprints,
} from "@nexus/shared/ledger";
import { rowVersions } from "./row-versions.ts";
import { isQuiet } from "./source-marks.ts";
import { whyRead } from "./why-read.ts";
import type { Deps } from "../deps.ts";
import { keepRowVersions, type RowVersions, takeOverRowVersions } from "./kept-versions.ts";
import { mergeFingerprints } from "./merge-fingerprints.ts";

/**
 * Ranges that are compared in one step, and their rows at most: they are held at once, and of 4,000 rows in a statement the source computes
 * 89,000 fingerprints a second, of 20,000 only 72,000.
 */
const RANGES = 8;
const ROWS = 20_000;

/** Whether a run that begins here keeps fingerprints: where it is told to, and the source can compute them (not every server has MD5). */
export async function keepsFingerprints({ legacy, settings, signal, log }: Deps): Promise<boolean> {
  if (settings.fingerprints === undefined) return false;
  try {
    const bounds = { statementMs: settings.legacyStatementMs, signal };
    await readOnly(legacy, (tx) => tx.query("select md5('')"), bounds);
    return true;
  } catch (error) {
    if (signal.aborted || nextStep(error) === "wait") throw error;
    log.warn({ err: error }, "the source computes no MD5: no fingerprints are kept");
    return false;
  }
}

/** Brings what is known up to date, once for each run; says in the ledger under which circumstances it holds, and why there is nothing to go by. False: another extractor does. */
export async function beginPlanning(deps: Deps, run: Run, entity: Entity): Promise<boolean> {
  const version = run.fingerprints ? await versionOf(deps, run, entity) : null;
  const versions = run.fingerprints ? await versionsNow(deps, run, entity) : undefined;
  const first = (tx: Queryable) =>
    together([claimEntity(tx, run.id, entity.name, "waiting"), wasBegun(tx, run.id, entity.name)]);
  const work = async (tx: Queryable, [claimed, begun]: Awaited<ReturnType<typeof first>>) => {
    if (!claimed) return undefined;
    await mergeFingerprints(tx, run.id, entity);
    if (!begun) await recordVersions(tx, run.id, entity.name, versions);
    const lacks = run.mode === "delta" && (await lacksKnownRows(tx, entity.name, entity.target));
    if (lacks) await voidFingerprints(tx, [entity.name]);
    const why = run.mode === "delta" ? await whyRead(tx, entity.name, version, lacks) : undefined;
    if (why !== undefined)
      deps.log.info({ runId: run.id, entity: entity.name, why }, "a delta reads all of an entity");
    return { why: why ?? null };
  };
  const last = async (tx: Queryable, begins: { readonly why: string | null } | undefined) => {
    if (begins === undefined) return false;
    await tx.query(
      `update migration.run_entities set version = $3, read_whole = $4 where run_id = $1 and entity = $2`,
      [run.id, entity.name, version, begins.why],
    );
    return true;
  };
  return await inTrips(deps.target, { first, work, last });
}

async function recordVersions(
  tx: Queryable,
  runId: number,
  entity: string,
  versions: RowVersions | "as they were" | undefined,
): Promise<void> {
  if (versions === "as they were") await takeOverRowVersions(tx, runId, entity);
  else if (versions !== undefined) await keepRowVersions(tx, runId, entity, versions);
}

/** Somebody has begun the entity before, and may be comparing its rows: versions that were read since are too late for these. */
async function wasBegun(tx: Queryable, runId: number, entity: string): Promise<boolean> {
  const found = await tx.query(
    "select from migration.run_entities where run_id = $1 and entity = $2 and version is not null",
    [runId, entity],
  );
  return found.rowCount === 1;
}

/** Before a row of the entity is read or compared. Where nothing was written since the run before, they are what that one kept. */
async function versionsNow(
  deps: Deps,
  run: Run,
  entity: Entity,
): Promise<RowVersions | "as they were" | undefined> {
  const shape = await shapeOf(deps, run);
  if (await isQuiet(deps.target, run, entity, shape)) return "as they were";
  return await rowVersions(deps, entity, shape);
}

/** The source as the run began with it. */
export async function shapeOf({ legacy, target }: Deps, run: Run): Promise<SourceShape> {
  return (
    (await sourceAtBegin(target, run.id)) ??
    (await readSourceShape(legacy, run.sourceTimezone ?? undefined))
  );
}

async function versionOf(deps: Deps, run: Run, entity: Entity): Promise<string | null> {
  const { legacy, target, settings } = deps;
  const { fingerprints: mapping, sourceRules, unreadableText: unreadable = "reject" } = settings;
  const namespace = await idNamespace(target);
  if (mapping === undefined || namespace === undefined) return null;
  const encoding = await legacy.query<{ name: string }>(
    "select current_setting('server_encoding') as name",
  );
  const tables = await readTargetTables(target);
  return fingerprintVersion(entity, {
    mapping,
    codes: run.codes,
    idNamespace: namespace,
    shape: await shapeOf(deps, run),
    sourceEncoding: encoding.rows[0]?.name ?? "UTF8",
    encoding: { stored: sourceRules?.LEGACY_ENCODING, unreadable },
    table: tables(entity),
  });
}

/** Under which circumstances a run reads an entity, as `beginPlanning` has said; null where it keeps no fingerprints. */
export async function circumstancesOf(
  { target }: Deps,
  run: Run,
  { name }: Entity,
): Promise<string | null> {
  const found = await target.query<{ version: string | null }>(
    `select version from migration.run_entities where run_id = $1 and entity = $2`,
    [run.id, name],
  );
  return found.rows[0]?.version ?? null;
}

/** The next ranges at or behind the cursor of which something is known; those that follow each other without a gap, if they begin at it. */
export async function knownBehind(
  { target }: Deps,
  { name }: Entity,
  version: string,
  { cursor }: PlanCursor,
): Promise<readonly KnownRange[]> {
  const ranges = await knownRanges(target, name, version, cursor, RANGES);
  return ranges.slice(0, lengthOfStep(ranges));
}

/** How many of the first ranges follow each other without a gap and hold no more rows than may be compared at once; one, if it alone holds more. */
export function lengthOfStep(ranges: readonly KnownRange[]): number {
  let rows = 0;
  const end = ranges.findIndex((range, at) => {
    rows += range.rows;
    return at > 0 && (ranges[at - 1]?.to !== range.after || rows > ROWS);
  });
  return end === -1 ? ranges.length : end;
}
