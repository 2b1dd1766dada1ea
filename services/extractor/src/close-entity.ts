/** Closing an entity: analysed, checked, and complete or blocked, in one transaction of few round trips. */
import type { Entity } from "@nexus/catalog";
import { type Client, inTrips, LONG_MS, type Queryable, together } from "@nexus/shared/database";
import {
  anyBatchIn,
  type Check,
  claimEntity,
  compareAgain,
  loadMore,
  markBlocked,
  markComplete,
  recordAdopted,
  recordChecks,
  recordRows,
  recordStrangers,
  rollUpCounts,
  type Run,
  TOO_MANY_LOSSES,
} from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import type { EntityStatus } from "@nexus/shared/states";
import { accountFor } from "./account.ts";
import { lookAfter } from "./delta/look-after.ts";
import type { Deps } from "./deps.ts";
import { deactivateGone } from "./gone/inactive.ts";
import { reloadMoved } from "./moved-children.ts";
import { type OverLimit, overLimit, recordLossReason } from "./over-limit.ts";
import { checksOf, goneChecks, lossChecks, readTable, type Table } from "./settle-checks.ts";
import { LOCK_MS } from "./setbacks.ts";
import { type Sums, sumsOf } from "./sums.ts";

/** What an entity is, once its row is locked. */
interface Seen {
  readonly claimed: boolean;
  /** Batches of it are planned or queued after all. */
  readonly open: boolean;
  readonly losses: OverLimit | undefined;
  readonly sums: Sums;
}

/** What is to be said of an entity that is closed. */
interface Closing {
  readonly sums: Sums;
  readonly table: Table;
  readonly checks: readonly Check[];
}

/** Returns whether it was closed: not, if somebody else does it, or if there is more to load. */
export async function closeEntity(deps: Deps, run: Run, entity: Entity): Promise<boolean> {
  const closing = await inTrips(
    deps.target,
    {
      first: (tx) => seeLocked(tx, run, entity),
      work: (tx, seen) => close(deps, tx, run, entity, seen),
      last: (tx, closing) => record(tx, run, entity, closing),
    },
    { signal: deps.signal, statementMs: LONG_MS },
  );
  if (closing === undefined) return false;
  const { status, sums, failedCheck } = closing;
  deps.log.info(
    { runId: run.id, entity: entity.name, status, ...sums, failedCheck },
    "entity settled",
  );
  return true;
}

async function seeLocked(tx: Queryable, run: Run, { name }: Entity): Promise<Seen> {
  const [, claimed, open, over, sums] = await together([
    tx.query(`set local lock_timeout = ${LOCK_MS}`),
    claimEntity(tx, run.id, name, "settling"),
    anyBatchIn(tx, run.id, name, ["planned", "queued"]),
    overLimit(tx, run.id),
    sumsOf(tx, run.id, name),
  ]);
  return { claimed, open, losses: over.find(({ entity }) => entity === name), sums };
}

async function close(
  deps: Deps,
  tx: Client,
  run: Run,
  entity: Entity,
  { claimed, open, losses, sums }: Seen,
): Promise<Closing | undefined> {
  if (!claimed) return undefined;
  if (losses === undefined && (await loadsMore(tx, run, entity, open))) return undefined;
  const table = await readTable(tx, run, entity);
  const [account] = await together([
    losses === undefined ? accountFor(deps, tx, run, entity, sums) : [],
    changedMuch(run, sums, table) && tx.query(`analyze public.${entity.target.table}`),
  ]);
  const found = [...lossChecks(losses), ...(await checksOf(tx, entity, sums, table)), ...account];
  const checks = [...found, ...(await goneChecks(tx, run, entity, found, table))];
  if (failedOf(checks) === undefined) await deactivateGone(tx, run, entity);
  return { sums, table, checks };
}

/** Batches are left after all, or have come: parents of their rows have moved. Then it goes on loading. */
async function loadsMore(tx: Client, run: Run, entity: Entity, open: boolean): Promise<boolean> {
  if (open) return await loadMore(tx, run.id, entity.name);
  const moved = await reloadMoved(tx, run.id, entity);
  const missed = run.mode === "delta" ? await lookAfter(tx, run.id, entity) : 0;
  if (moved + missed === 0) return false;
  return await loadMore(tx, run.id, entity.name);
}

/** All that is said of it, sent at once with the commit. */
async function record(tx: Queryable, run: Run, entity: Entity, closing: Closing | undefined) {
  if (closing === undefined) return undefined;
  const { sums, table, checks } = closing;
  const { name } = entity;
  const failedCheck = failedOf(checks);
  const checked = recordChecks(tx, run.id, name, checks);
  failpoint("settle.checked");
  const concluded = together([
    rollUpCounts(tx, run.id, [name]),
    recordStrangers(tx, run.id, [{ entity: name, rows: table.strangers }]),
    recordAdopted(tx, run.id),
    recordRows(tx, run.id, entity),
    failedCheck === undefined
      ? markComplete(tx, run.id, name)
      : markBlocked(tx, run.id, name, failedCheck),
    failedCheck === TOO_MANY_LOSSES && recordLossReason(tx, run.id, name),
    compareAgain(tx, run.id, name),
  ]);
  failpoint("settle.concluded");
  await together([checked, concluded]);
  const status: EntityStatus = failedCheck === undefined ? "complete" : "blocked";
  return { status, sums, failedCheck };
}

/** The check that failed first blocks it. */
function failedOf(checks: readonly Check[]): string | undefined {
  return checks.find(({ passed }) => !passed)?.name;
}

/** A full run analyses what it has written to, because its children wait for good plans; a delta mostly changes too little to change them. */
function changedMuch({ mode }: Run, { written }: Sums, { analysed, keyed }: Table): boolean {
  if (!analysed) return true;
  return mode === "delta" ? 20 * written > keyed : written > 0;
}
