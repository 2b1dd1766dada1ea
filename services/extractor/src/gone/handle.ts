/**
 * The end of a run: rows that it found gone from the source are archived or deleted, where the run's policy says so; children first, a
 * portion in each transaction, when all entities are settled. Rows that are in the source again are not archived any more.
 */
import type { Entity } from "@nexus/catalog";
import { type Client, inTransaction, LONG_MS, type Queryable } from "@nexus/shared/database";
import {
  allSettled,
  idNamespace,
  keepsUndo,
  lockRun,
  recordAudit,
  type Run,
  sourceNow,
} from "@nexus/shared/ledger";
import type { Deps } from "../deps.ts";
import { attempt, LOCK_MS, type Setbacks } from "../setbacks.ts";
import { archiveRows, bringBackRows, cameBack } from "./archive.ts";
import { deleteRows } from "./delete.ts";
import { type GoneRow, type Handling, judge, lockHere, rowsHere } from "./handling.ts";
import { gonePolicy, goneToHandle, recordHandled } from "./recorded.ts";

/** Rows of one transaction. */
const PORTION = 500;
/** So many milliseconds are spent on it before the others have their turn. */
const TURN_MS = 1_000;

const BY = { actor: "extractor", reason: "GONE_POLICY" };

/** Handles further. Returns whether there is nothing left to do; what fails for an entity is tried again, and keeps its parents waiting. */
export async function handleGone(deps: Deps, run: Run, setbacks: Setbacks): Promise<boolean> {
  const until = performance.now() + TURN_MS;
  for (const entity of deps.entities.toReversed()) {
    const step = { name: "gone", entity: entity.name, statuses: ["complete"] } as const;
    const done = await attempt(deps, run, setbacks, step, () =>
      handleEntity(deps, run, entity, until),
    );
    if (done !== true) return false;
  }
  return true;
}

async function handleEntity(deps: Deps, run: Run, entity: Entity, until: number): Promise<boolean> {
  const { target, entities } = deps;
  const policy = await gonePolicy(target, run.id, entity.name);
  if (policy === undefined) return true;
  const handling: Handling = {
    run,
    entity,
    policy,
    keepsUndo: await keepsUndo(target, run.id),
    tables: entities.map((one) => one.target.table),
    idNamespace: await idNamespace(target),
  };
  if (!(await bringBack(deps, handling))) return false;
  for (;;) {
    const keys =
      policy === "report" ? [] : await goneToHandle(target, run.id, entity.name, PORTION);
    if (keys.length === 0) return await clearError(target, run, entity);
    if (performance.now() > until || !(await handlePortion(deps, handling, keys))) return false;
  }
}

/** The source is asked just before. Returns whether the run was still as it must be. */
async function handlePortion(
  deps: Deps,
  handling: Handling,
  keys: readonly number[],
): Promise<boolean> {
  const { legacy, target, settings, signal, log } = deps;
  const { entity, run, policy } = handling;
  const rows = await rowsHere(target, entity, keys);
  const bounds = { statementMs: settings.legacyStatementMs, signal, lockMs: LOCK_MS };
  const now = await sourceNow(legacy, entity, rows, bounds);
  return await whileSettled(deps, handling, async (tx) => {
    // Another extractor may have had its turn meanwhile.
    const open = new Set(await goneToHandle(tx, run.id, entity.name, PORTION));
    const mine = keys.filter((key) => open.has(key));
    const locked = await lockHere(
      tx,
      entity,
      rows.filter(({ key }) => open.has(key)),
    );
    const { due, notGone, left } = judge(handling, mine, locked, now);
    const { deleted, fates } = await carryOut(tx, handling, due);
    await recordHandled(tx, run.id, entity.name, { deleted, notGone, fates: [...left, ...fates] });
    const archived = fates.filter(([, fate]) => fate === "archived").length;
    const done = policy === "delete" ? deleted.length : archived;
    if (done > 0)
      await audit(tx, handling, policy === "delete" ? "delete_gone" : "archive_gone", done);
    const counts = {
      deleted: deleted.length,
      archived,
      left: left.length + fates.length - archived,
    };
    log.info({ runId: run.id, entity: entity.name, ...counts }, "gone rows handled");
  });
}

async function carryOut(tx: Client, handling: Handling, due: readonly GoneRow[]) {
  if (handling.policy !== "delete")
    return { deleted: [], fates: await archiveRows(tx, handling, due) };
  const { deleted, left } = await deleteRows(tx, handling, due);
  return { deleted, fates: left };
}

/** Rows that we archived, and that this run did not find gone. Returns whether the run was still as it must be. */
async function bringBack(deps: Deps, handling: Handling): Promise<boolean> {
  for (let after = FIRST_ID; ;) {
    let ids = await cameBack(deps.target, handling, after, PORTION);
    if (ids.length === 0) return true;
    const held = await whileSettled(deps, handling, async (tx) => {
      ids = await cameBack(tx, handling, after, PORTION);
      if (ids.length === 0) return;
      await bringBackRows(tx, handling, ids);
      await audit(tx, handling, "bring_back", ids.length);
    });
    const last = ids.at(-1);
    if (!held || last === undefined) return held;
    after = last;
  }
}

const FIRST_ID = "00000000-0000-0000-0000-000000000000";

/** Runs `work` in a transaction that keeps the run as it is: running, all settled, the entity complete. Two extractors take turns. */
async function whileSettled(
  { target, signal }: Deps,
  { run, entity }: Handling,
  work: (tx: Client) => Promise<void>,
): Promise<boolean> {
  const story = async (tx: Client): Promise<boolean> => {
    await tx.query(`set local lock_timeout = ${LOCK_MS}`);
    if (!(await isFree(tx, run.id))) return false;
    if ((await lockRun(tx, run.id)) !== "running" || !(await allSettled(tx, run.id))) return false;
    if ((await gonePolicy(tx, run.id, entity.name)) === undefined) return false;
    await work(tx);
    return true;
  };
  return await inTransaction(target, story, { signal, statementMs: LONG_MS });
}

/** Whether no other extractor has its turn; from now on, it is ours. */
async function isFree(tx: Client, runId: number): Promise<boolean> {
  const locked = await tx.query(
    `select from migration.runs where id = $1 for no key update skip locked`,
    [runId],
  );
  return locked.rowCount === 1;
}

/** What failed before is no trouble any more. */
async function clearError(db: Queryable, { id }: Run, { name }: Entity): Promise<true> {
  await db.query(
    `update migration.run_entities set error_code = null
     where run_id = $1 and entity = $2 and status = 'complete' and error_code is not null`,
    [id, name],
  );
  return true;
}

async function audit(
  tx: Client,
  { run, entity }: Handling,
  action: "archive_gone" | "delete_gone" | "bring_back",
  rows: number,
): Promise<void> {
  await recordAudit(tx, BY, { action, runId: run.id, entity: entity.name, details: { rows } });
}
