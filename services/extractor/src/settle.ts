/** Settling: an entity without batches left is analysed, checked and closed, and its children may open. */
import { entities, type Entity, entityNamed } from "@nexus/catalog";
import { type Client, inTransaction, LONG_MS, type Queryable } from "@nexus/shared/database";
import {
  beginSettling,
  bringBack,
  type Check,
  claimEntity,
  entitiesIn,
  type EntityStatus,
  FOLLOW_AT_ONCE,
  foldCounts,
  moveEntity,
  recordChecks,
  reloadMoved,
  type Run,
  type Sums,
  sumsOf,
} from "@nexus/shared/ledger";
import { inSpan } from "@nexus/shared/telemetry";
import type { Deps } from "./deps.ts";
import { attempt, LOCK_MS, type Setbacks, startSetbacks } from "./setbacks.ts";

/** Settles every entity that has nothing left to load, each for itself. Returns whether one was settled. */
export async function settle(deps: Deps, run: Run, setbacks: Setbacks = startSetbacks()): Promise<boolean> {
  const begun = new Set(await entitiesIn(deps.target, run.id, ["settling"]));
  let settled = false;
  for (const name of await entitiesIn(deps.target, run.id, UNSETTLED)) {
    const step = { name: "settle", entity: name, statuses: UNSETTLED } as const;
    const one = await attempt(deps, run, setbacks, step, async () => {
      if (!begun.has(name) && !(await beginSettling(deps.target, run.id, name))) return false;
      return await settleEntity(deps, run, entityNamed(entities, name));
    });
    settled ||= one === true;
  }
  return settled;
}

const UNSETTLED: readonly EntityStatus[] = ["loading", "settling"];

async function settleEntity(deps: Deps, run: Run, entity: Entity): Promise<boolean> {
  const startedAt = performance.now();
  const facts = { "nexus.run": run.id, "nexus.entity": entity.name };
  const step = { name: "settle", facts, under: run.traceContext };
  const closed = await inSpan(step, () => closeEntity(deps, run, entity));
  if (closed) deps.settled(entity.name, (performance.now() - startedAt) / 1_000);
  return closed;
}

async function closeEntity({ target, log, signal }: Deps, run: Run, entity: Entity): Promise<boolean> {
  const story = async (tx: Client): Promise<boolean> => {
    await tx.query(`set local lock_timeout = ${LOCK_MS}`);
    if (!(await claimEntity(tx, run.id, entity.name, "settling"))) return false;
    if ((await reloadMoved(tx, run.id, entity)) > 0)
      return await moveEntity(tx, run.id, entity.name, ["settling"], "loading");
    if (FOLLOW_AT_ONCE.has(entity.name)) await bringBack(tx, entity.target.table);
    const sums = await sumsOf(tx, run.id, entity.name);
    if (sums.written > 0 || (await neverAnalysed(tx, entity)))
      await tx.query(`analyze public.${entity.target.table}`);
    const checks = await check(tx, entity, sums);
    await recordChecks(tx, run.id, entity.name, checks);
    await foldCounts(tx, run.id, [entity.name]);
    const failed = checks.find(({ passed }) => !passed);
    const status = failed === undefined ? "complete" : "blocked";
    await moveEntity(tx, run.id, entity.name, ["settling"], status, failed?.name ?? null);
    log.info(
      { runId: run.id, entity: entity.name, status, ...sums, failedCheck: failed?.name },
      "entity settled",
    );
    return true;
  };
  return await inTransaction(target, story, { signal, statementMs: LONG_MS });
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
    { name: "loaded_rows_found", passed: found >= sums.loaded, expected: sums.loaded, actual: found },
    equal("constraints_enforced", 0, constraints),
    ...(await emailFacts(tx, entity)),
    ...(await practiceFacts(tx, entity)),
  ];
}

function equal(name: string, expected: number, actual: number): Check {
  return { name, passed: expected === actual, expected, actual };
}

async function countRows(tx: Queryable, { target: { table, key } }: Entity): Promise<number> {
  const counted = await tx.query<{ count: number }>(`select count(${key}) from public.${table}`);
  return counted.rows[0]?.count ?? 0;
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
    { name: "rows_sharing_an_email", passed: true, expected: null, actual: counted.rows[0]?.count ?? 0 },
  ];
}

/** Rows that would be shown to people of another practice than their case is: none. */
async function practiceFacts(tx: Queryable, { name, target: { table } }: Entity): Promise<Check[]> {
  if (!FOLLOW_AT_ONCE.has(name)) return [];
  const counted = await tx.query<{ count: number }>(
    `select count(*) from public.${table} t join public.cases c on c.id = t.case_id
      where t.practice_id is distinct from c.practice_id`,
  );
  return [equal("rows_apart_from_their_case", 0, counted.rows[0]?.count ?? 0)];
}
