/** A run begins when the source is fit to be read; what is skipped is counted once. */
import {
  entities,
  type Entity,
  entityNamed,
  missingInSource,
  type SourceShape,
} from "@nexus/catalog";
import {
  errorCode,
  inspectBesidesLocked,
  inspectSource,
  inTransaction,
  profilesNeedUsers,
  type Queryable,
  readOnly,
} from "@nexus/shared/database";
import {
  beginFingerprints,
  beginUndo,
  backupsAreTaken,
  entitiesIn,
  markRunBegun,
  markRunFailed,
  recordKeyed,
  recordSource,
  sourceSnapshot,
  wantBackups,
  wantVerification,
  type Run,
} from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import { inSpan } from "@nexus/shared/telemetry";
import type { Deps } from "./deps.ts";
import { keepsFingerprints } from "./delta/known.ts";
import { marksToBegin } from "./delta/source-marks.ts";
import { countSkipped } from "./excluded.ts";
import { keepsWhatItChanges } from "./keep-undo.ts";
import { LOCK_MS, type Setbacks } from "./setbacks.ts";
import { recordGonePolicies } from "./gone/recorded.ts";

/**
 * Moves a planned run to running, or to failed when the source cannot be read wholly. Returns whether it runs. An error is
 * written beside the run.
 */
export async function beginRun(deps: Deps, run: Run, setbacks: Setbacks): Promise<boolean> {
  const step = { name: "begin run", facts: { "nexus.run": run.id }, under: run.traceContext };
  try {
    return await inSpan(step, () => begin(deps, run, setbacks));
  } catch (error) {
    if (!deps.signal.aborted) await noteRunError(deps.target, run.id, errorCode(error) ?? "defect");
    throw error;
  }
}

async function begin(deps: Deps, run: Run, setbacks: Setbacks): Promise<boolean> {
  const selected = (await entitiesIn(deps.target, run.id, ["waiting", "planned"])).map((name) =>
    entityNamed(entities, name),
  );
  if (await lacksAccounts(deps, run, selected)) return false;
  const { shape, problems } = await inspectAll(deps, selected);
  problems.push(...missingInSource(selected, shape).map(({ message }) => message));
  if (problems.length > 0) {
    for (const reason of new Set(problems))
      deps.log.error({ runId: run.id, reason }, "the source cannot be read");
    await markRunFailed(deps.target, run.id, "source_missing");
    return false;
  }
  for (const entity of await entitiesIn(deps.target, run.id, ["skipped"]))
    await countSkipped(deps, run, setbacks, shape, entity);
  const { legacyStatementMs: statementMs } = deps.settings;
  const snapshot = await readOnly(deps.legacy, sourceSnapshot, {
    statementMs,
    signal: deps.signal,
  });
  const undo = await keepsWhatItChanges(deps, selected);
  const fingerprints = await keepsFingerprints(deps);
  const marks = fingerprints ? await marksToBegin(deps, selected, shape) : {};
  failpoint("run.inspected");
  const began = await inTransaction(deps.target, async (tx) => {
    // What the run begins with is written by the extractor that begins it: another one may look later, when rows are loaded already.
    if (!(await markRunBegun(tx, run.id))) return false;
    await recordSource(tx, run.id, shape, snapshot);
    await recordKeyed(tx, run.id, selected);
    if (undo) await beginUndo(tx, run.id);
    if (fingerprints) await beginFingerprints(tx, run.id, marks);
    const { verifies, takesBackups, gonePolicies = {} } = deps.settings;
    await recordGonePolicies(tx, run.id, gonePolicies);
    if (verifies === true) await wantVerification(tx, run.id);
    if (takesBackups === true || (await backupsAreTaken(tx))) await wantBackups(tx, run.id);
    failpoint("run.begun");
    return true;
  });
  if (began) failpoint("run.planned");
  if (began) deps.log.info({ runId: run.id, entities: selected.length }, "run began");
  return began;
}

/** Profiles that refer to auth.users cannot be written before their accounts, and the run makes none: then it fails. */
async function lacksAccounts(
  { target, log }: Deps,
  { id: runId, accounts }: Run,
  selected: readonly Entity[],
): Promise<boolean> {
  const wanted = !accounts && selected.some(({ name }) => name === "profiles");
  if (!wanted || !(await profilesNeedUsers(target))) return false;
  const reason = "profiles refer to auth.users: start the run with accounts, or drop that key";
  log.error({ runId, reason }, "profiles cannot be written");
  await markRunFailed(target, runId, "accounts_needed");
  return true;
}

/** What is wrong with the source. Planning finds what a lock hides: it waits for the lock and says so. */
async function inspectAll(
  { legacy, log, settings, signal }: Deps,
  selected: readonly Entity[],
): Promise<{ readonly shape: SourceShape; readonly problems: string[] }> {
  const look = (of: readonly Entity[]) =>
    readOnly(
      legacy,
      async (tx) => {
        await tx.query(`set local lock_timeout = ${LOCK_MS}`);
        return await inspectSource(tx, of, settings.sourceRules ?? {});
      },
      { statementMs: settings.legacyStatementMs, signal },
    );
  const { shape, problems, locked } = await inspectBesidesLocked(look, selected);
  for (const entity of locked)
    log.warn({ entity }, "a table of the source is locked, its keys were not looked at");
  return { shape, problems: [...problems] };
}

/** Writes down why a run cannot begin. The code is removed when the run begins. */
async function noteRunError(db: Queryable, runId: number, errorCode: string): Promise<void> {
  await db.query(
    `update migration.runs set error_code = $2
     where id = $1 and status = 'planned' and error_code is distinct from $2`,
    [runId, errorCode],
  );
}
