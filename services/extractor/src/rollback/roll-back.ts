/** The story of a rollback: what a run has written is taken back, entity by entity, children first, a record of undo in each transaction. */
import type { Entity } from "@nexus/catalog";
import { inTransaction, LONG_MS } from "@nexus/shared/database";
import { endOpen, findRun, openRollback, type Rollback, type Run } from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import { carryOutAsked, whileOpen } from "../asked-work.ts";
import type { Deps } from "../deps.ts";
import { countAccounts, forgetDecisions, takeBackAccounts } from "./accounts.ts";
import { closeEntity, closeRun, countAgain } from "./close.ts";
import { countPlanned, recordAccountCounts, recordCounts } from "./count.ts";
import { type Place, placeOf } from "./place.ts";
import { reinsertNext } from "./reinsert.ts";
import { unwindNext, type Unwinding } from "./unwind.ts";

/** One look for a rollback. Returns the milliseconds until the next. One that cannot be done ends with a code; a server that is away is waited for. */
export async function rollBack(deps: Deps): Promise<number> {
  const rollback = await openRollback(deps.target);
  if (rollback === undefined) return deps.settings.idleTickMs;
  await carryOutAsked(deps, asked(rollback), async () => {
    await carryOut(deps, rollback);
    const { id, kind, runId } = rollback;
    deps.log.info({ rollback: id, kind, runId }, "rollback done");
  });
  return 0;
}

function asked({ id }: Rollback) {
  return { work: "rollbacks", id } as const;
}

/** A loader of an older release wrote for the run, too: what it changed was not kept. */
class UndoIncomplete extends Error {
  override readonly name = "UndoIncomplete";
  readonly code = "undo_incomplete";
}

/** What was done before this process is not done again. */
async function carryOut(deps: Deps, rollback: Rollback): Promise<void> {
  const { target, signal } = deps;
  const run = await findRun(target, rollback.runId);
  if (run === undefined) throw new Error("a rollback of no run");
  await expectComplete(deps, run);
  const left = await entitiesLeft(deps, rollback);
  const some = deps.entities.filter(({ name }) => left.has(name));
  if (rollback.kind === "rollback")
    for (const entity of some) await reinsert(deps, await unwindingOf(deps, rollback, run, entity));
  for (const entity of some.toReversed()) {
    signal.throwIfAborted();
    if (rollback.kind === "plan") await plan(deps, rollback, entity);
    else await unwindEntity(deps, rollback, run, entity);
  }
  await (rollback.kind === "plan" ? planAccounts : takeBackAccounts)(deps, rollback);
  await whileOpen(deps, asked(rollback), async (tx) => {
    if (rollback.kind === "rollback") {
      await closeRun(tx, run);
      await forgetDecisions(tx, run.id);
    }
    await endOpen(tx, "rollbacks", rollback.id, null);
    failpoint("rollback.ending");
  });
}

async function expectComplete({ target }: Deps, { id }: Run): Promise<void> {
  const found = await target.query(
    `select from migration.batches b where run_id = $1 and status <> 'rolled_back' and inserted + updated > 0
       and not exists (select from migration.undo u where u.run_id = $1 and u.batch_id = b.id) limit 1`,
    [id],
  );
  if (found.rowCount !== 0) throw new UndoIncomplete("what the run changed was not all kept");
}

/** Entities of the run that are to be rolled back, and are not yet. */
async function entitiesLeft({ target }: Deps, rollback: Rollback): Promise<ReadonlySet<string>> {
  const found = await target.query<{ entity: string }>(
    `select entity from migration.run_entities e
     where run_id = $1 and status not in ('skipped', 'rolled_back') and ($2::text[] is null or entity = any($2::text[]))
       and not exists (select from migration.rollback_entities d where d.rollback_id = $3 and d.entity = e.entity)`,
    [rollback.runId, rollback.entities, rollback.id],
  );
  return new Set(found.rows.map(({ entity }) => entity));
}

async function plan(deps: Deps, rollback: Rollback, entity: Entity): Promise<void> {
  const place = await placeOf(deps.target, entity, tablesOf(deps));
  const counts = await inTransaction(deps.target, (tx) => countPlanned(tx, rollback, place), {
    signal: deps.signal,
    statementMs: LONG_MS,
  });
  await whileOpen(deps, asked(rollback), (tx) =>
    recordCounts(tx, rollback, entity, deps.entities.indexOf(entity), counts),
  );
}

async function planAccounts(deps: Deps, rollback: Rollback): Promise<void> {
  const { entities } = rollback;
  if (entities !== null && !entities.includes("profiles")) return;
  await whileOpen(deps, asked(rollback), async (tx) => {
    await recordAccountCounts(tx, rollback, await countAccounts(tx, rollback), 0);
  });
}

async function unwindingOf(
  deps: Deps,
  rollback: Rollback,
  run: Run,
  entity: Entity,
): Promise<Unwinding> {
  const place = await placeOf(deps.target, entity, tablesOf(deps));
  return { rollback, run, place, followers: await followersOf(deps, rollback, entity) };
}

async function reinsert(deps: Deps, unwinding: Unwinding): Promise<void> {
  while (await whileOpen(deps, asked(unwinding.rollback), (tx) => reinsertNext(tx, unwinding)))
    deps.signal.throwIfAborted();
}

async function unwindEntity(
  deps: Deps,
  rollback: Rollback,
  run: Run,
  entity: Entity,
): Promise<void> {
  const { signal, log, entities } = deps;
  const unwinding = await unwindingOf(deps, rollback, run, entity);
  const { followers } = unwinding;
  let records = 0;
  while (await whileOpen(deps, asked(rollback), (tx) => unwindNext(tx, unwinding))) {
    records++;
    failpoint("rollback.committed");
    signal.throwIfAborted();
  }
  await whileOpen(deps, asked(rollback), async (tx) => {
    await closeEntity(tx, rollback, entity, entities.indexOf(entity));
    for (const follower of followers) await countAgain(tx, rollback, follower.entity);
    failpoint("rollback.closing");
  });
  log.info({ rollback: rollback.id, entity: entity.name, records }, "entity rolled back");
}

/** Entities whose rows follow their case, if they are rolled back, too. */
async function followersOf(
  deps: Deps,
  { entities: asked }: Rollback,
  { name }: Entity,
): Promise<readonly Place[]> {
  if (name !== "cases") return [];
  const followers = deps.entities.filter(
    (one) => one.followsCase === true && (asked === null || asked.includes(one.name)),
  );
  return await Promise.all(followers.map((one) => placeOf(deps.target, one, tablesOf(deps))));
}

function tablesOf({ entities }: Deps): readonly string[] {
  return entities.map(({ target }) => target.table);
}
