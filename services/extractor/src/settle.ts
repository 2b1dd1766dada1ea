/** Settling: an entity without batches left is analysed, checked and closed, and its children may open. */
import { entities, type Entity, entityNamed } from "@nexus/catalog";
import { type Client, inTransaction, LONG_MS, type Queryable } from "@nexus/shared/database";
import {
  beginSettling,
  bringBack,
  type Check,
  claimEntity,
  compareAgain,
  entitiesIn,
  rollUpCounts,
  goOnLoading,
  loadMore,
  markBlocked,
  markComplete,
  countStrangers,
  recordAdopted,
  recordChecks,
  recordRows,
  recordStrangers,
  type Run,
  TOO_MANY_GONE,
  TOO_MANY_LOSSES,
} from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import type { BatchStatus, EntityStatus } from "@nexus/shared/states";
import { inSpan } from "@nexus/shared/telemetry";
import { accountFor } from "./account.ts";
import { compareWithSource } from "./compare.ts";
import { lookAfter } from "./delta/look-after.ts";
import type { Deps } from "./deps.ts";
import { goneCount, goneIsTolerable } from "./gone/gone-rows.ts";
import { deactivateGone } from "./gone/inactive.ts";
import { reloadMoved } from "./moved-children.ts";
import { type OverLimit, overLimit, recordLossReason } from "./over-limit.ts";
import { attempt, LOCK_MS, type Setbacks, startSetbacks } from "./setbacks.ts";
import { countRows, type Sums, sumsOf } from "./sums.ts";

/** Settles every entity that has nothing left to load, each for itself. Returns whether one was settled. */
export async function settle(
  deps: Deps,
  run: Run,
  setbacks: Setbacks = startSetbacks(),
): Promise<boolean> {
  const begun = new Set(await entitiesIn(deps.target, run.id, ["settling"]));
  const over = await overLimit(deps.target, run.id);
  let settled = false;
  for (const name of await entitiesIn(deps.target, run.id, UNSETTLED)) {
    const step = { name: "settle", entity: name, statuses: UNSETTLED } as const;
    const one = await attempt(deps, run, setbacks, step, async () => {
      const open = over.some(({ entity }) => entity === name) ? QUEUED : undefined;
      if (!begun.has(name) && !(await beginSettling(deps.target, run.id, name, open))) return false;
      failpoint("settle.begun");
      const entity = entityNamed(entities, name);
      return (
        (await compareWithSource(deps, run, entity)) && (await settleEntity(deps, run, entity))
      );
    });
    settled ||= one === true;
  }
  return settled;
}

/** What has lost too many rows is not loaded any further: only what is in flight is waited for. */
const QUEUED: readonly BatchStatus[] = ["queued"];

const UNSETTLED: readonly EntityStatus[] = ["loading", "settling"];

async function settleEntity(deps: Deps, run: Run, entity: Entity): Promise<boolean> {
  const startedAt = performance.now();
  const facts = { "nexus.run": run.id, "nexus.entity": entity.name };
  const step = { name: "settle", facts, under: run.traceContext };
  const closed = await inSpan(step, () => closeEntity(deps, run, entity));
  if (!closed) return false;
  failpoint("settle.closed");
  deps.settled(entity.name, (performance.now() - startedAt) / 1_000);
  return true;
}

async function closeEntity(deps: Deps, run: Run, entity: Entity): Promise<boolean> {
  const { target, log, signal } = deps;
  const story = async (tx: Client): Promise<boolean> => {
    await tx.query(`set local lock_timeout = ${LOCK_MS}`);
    if (!(await claimEntity(tx, run.id, entity.name, "settling"))) return false;
    const losses = await lossesOf(tx, run, entity);
    if (losses === undefined && (await loadsMore(tx, run, entity))) return false;
    const sums = await sumsOf(tx, run.id, entity.name);
    if (await changedMuch(tx, run, entity, sums))
      await tx.query(`analyze public.${entity.target.table}`);
    const account = losses === undefined ? await accountFor(deps, tx, run, entity, sums) : [];
    const found = [...lossChecks(losses), ...(await check(tx, entity, sums)), ...account];
    const checks = [...found, ...(await goneChecks(tx, run, entity, found))];
    await recordChecks(tx, run.id, entity.name, checks);
    failpoint("settle.checked");
    await rollUpCounts(tx, run.id, [entity.name]);
    await recordStrangers(tx, run.id, await countStrangers(tx, [entity]));
    await recordAdopted(tx, run.id);
    await recordRows(tx, run.id, entity);
    const failedCheck = checks.find(({ passed }) => !passed)?.name;
    const status = await conclude(tx, run, entity, failedCheck);
    failpoint("settle.concluded");
    log.info(
      { runId: run.id, entity: entity.name, status, ...sums, failedCheck },
      "entity settled",
    );
    return true;
  };
  return await inTransaction(target, story, { signal, statementMs: LONG_MS });
}

/** The entity is complete, or blocked by the check that failed first. */
async function conclude(
  tx: Client,
  run: Run,
  entity: Entity,
  failedCheck: string | undefined,
): Promise<EntityStatus> {
  const status = failedCheck === undefined ? "complete" : "blocked";
  if (failedCheck === undefined) {
    await markComplete(tx, run.id, entity.name);
    await deactivateGone(tx, run, entity);
  } else await markBlocked(tx, run.id, entity.name, failedCheck);
  if (failedCheck === TOO_MANY_LOSSES) await recordLossReason(tx, run.id, entity.name);
  await compareAgain(tx, run.id, entity.name);
  return status;
}

/** Batches are left after all, or have come: parents of their rows have moved. Then it goes on loading. */
async function loadsMore(tx: Client, run: Run, entity: Entity): Promise<boolean> {
  if (await goOnLoading(tx, run.id, entity.name)) return true;
  const moved = await reloadMoved(tx, run.id, entity);
  const missed = run.mode === "delta" ? await lookAfter(tx, run.id, entity) : 0;
  if (moved + missed === 0) return false;
  return await loadMore(tx, run.id, entity.name);
}

async function lossesOf(tx: Client, run: Run, { name }: Entity): Promise<OverLimit | undefined> {
  return (await overLimit(tx, run.id)).find(({ entity }) => entity === name);
}

/** Comes first: it says what the entity is blocked for. */
function lossChecks(losses: OverLimit | undefined): Check[] {
  if (losses === undefined) return [];
  return [{ name: TOO_MANY_LOSSES, passed: false, expected: losses.limit, actual: losses.lost }];
}

/** A fact to report; a reason to block where so many rows are gone that the source itself is to be doubted. */
async function goneChecks(
  tx: Client,
  run: Run,
  entity: Entity,
  others: readonly Check[],
): Promise<Check[]> {
  if (others.some(({ passed }) => !passed)) return []; // It is blocked anyway, and nothing is believed yet.
  const gone = await goneCount(tx, run.id, entity.name);
  if (gone === 0) return [];
  const passed = await goneIsTolerable(tx, run.id, entity.name, await countRows(tx, entity));
  return [{ name: TOO_MANY_GONE, passed, expected: null, actual: gone }];
}

/** A full run analyses what it has written to, because its children wait for good plans; a delta mostly changes too little to change them. */
async function changedMuch(
  tx: Client,
  { mode }: Run,
  entity: Entity,
  { written }: Sums,
): Promise<boolean> {
  if (await neverAnalysed(tx, entity)) return true;
  return mode === "delta" ? 20 * written > (await countRows(tx, entity)) : written > 0;
}

async function neverAnalysed(tx: Client, { target: { table } }: Entity): Promise<boolean> {
  const found = await tx.query<{ never: boolean }>(
    `select reltuples < 0 as never from pg_class where oid = $1::regclass`,
    [`public.${table}`],
  );
  return found.rows[0]?.never ?? false;
}

/** Nothing failed; every row read has one outcome; every exception is on record; what was loaded is there; constraints are on. */
async function check(tx: Client, entity: Entity, sums: Sums): Promise<Check[]> {
  const found = await countRows(tx, entity);
  const constraints = await unenforced(tx, entity);
  return [
    equal("no_failed_batch", 0, sums.failed),
    equal("sum_closes", sums.read, sums.loaded + sums.rejected + sums.parked),
    equal("exceptions_on_record", sums.rejected + sums.parked, sums.exceptions),
    {
      name: "loaded_rows_found",
      passed: found >= sums.loaded,
      expected: sums.loaded,
      actual: found,
    },
    equal("constraints_enforced", 0, constraints),
    ...(await emailFacts(tx, entity)),
    ...(await practiceFacts(tx, entity)),
  ];
}

function equal(name: string, expected: number, actual: number): Check {
  return { name, passed: expected === actual, expected, actual };
}

/** Constraints that are not validated, and triggers (foreign keys are triggers) that are switched off. */
async function unenforced(tx: Queryable, { target: { table } }: Entity): Promise<number> {
  const counted = await tx.query<{ count: number }>(
    `select (select count(*) from pg_constraint where conrelid = $1::regclass and not convalidated)
          + (select count(*) from pg_trigger where tgrelid = $1::regclass and tgenabled = 'D') as count`,
    [`public.${table}`],
  );
  return counted.rows[0]?.count ?? 0;
}

/** Facts to report, never a reason to block: how many rows share an e-mail address. */
async function emailFacts(tx: Queryable, { target: { table, columns } }: Entity): Promise<Check[]> {
  if (columns["email"] === undefined) return [];
  const counted = await tx.query<{ count: number }>(
    `select coalesce(sum(n), 0)::bigint as count
     from (select count(*) as n from public.${table} where email is not null group by email having count(*) > 1) shared`,
  );
  return [
    {
      name: "rows_sharing_an_email",
      passed: true,
      expected: null,
      actual: counted.rows[0]?.count ?? 0,
    },
  ];
}

/** Rows that would be shown to people of another practice than their case is: none, once they are brought back. */
async function practiceFacts(tx: Queryable, entity: Entity): Promise<Check[]> {
  if (entity.followsCase !== true) return [];
  const apart = await countApart(tx, entity.target.table);
  const left = apart === 0 ? 0 : await afterBringingBack(tx, entity);
  return [equal("rows_apart_from_their_case", 0, left)];
}

async function afterBringingBack(tx: Queryable, entity: Entity): Promise<number> {
  await bringBack(tx, entity);
  return await countApart(tx, entity.target.table);
}

async function countApart(tx: Queryable, table: string): Promise<number> {
  const counted = await tx.query<{ count: number }>(
    `select count(*) from public.${table} t join public.cases c on c.id = t.case_id
      where t.practice_id is distinct from c.practice_id`,
  );
  return counted.rows[0]?.count ?? 0;
}
