/**
 * Rows that are gone from the source: the target's keys are read first, then it is asked which of them the source no longer has. So
 * what a live source gains meanwhile is never taken for gone.
 */
import type { Entity } from "@nexus/catalog";
import { type Client, readOnly, readSourceShape } from "@nexus/shared/database";
import { endComparison, goneCursor, isBeginning, recordGone, type Run, sumsOf } from "@nexus/shared/ledger";
import type { Deps } from "./deps.ts";
import { LOCK_MS } from "./setbacks.ts";

/** Keys of one page: some megabytes here, and a look into an index for each in the source. */
const PAGE = 10_000;

/** Milliseconds that are spent on it before the others have their turn. */
const TURN_MS = 1_000;

/** Compares further. Returns whether all is compared. */
export async function compareGone(deps: Deps, run: Run, entity: Entity): Promise<boolean> {
  const until = performance.now() + TURN_MS;
  for (;;) {
    const after = await goneCursor(deps.target, run.id, entity.name);
    if (after === undefined) return true;
    if (isBeginning(after) && (await hasNoOthers(deps, run, entity)))
      return await end(deps, run, entity, after);
    const keys = await nextKeys(deps, entity, after);
    const to = keys.at(-1);
    if (to === undefined) return await end(deps, run, entity, after);
    if (isBusy(deps)) return false;
    const gone = await missingInSource(deps, entity, keys);
    await recordGone(deps.target, run.id, entity.name, { after, to, gone });
    if (performance.now() > until) return false;
  }
}

/** The connection to the source is waiting for a lock of another table, it may be: nobody here waits for that. */
function isBusy({ legacy }: Deps): boolean {
  return legacy.idleCount === 0 && legacy.totalCount >= legacy.options.max;
}

async function end({ target }: Deps, run: Run, { name }: Entity, after: number | string): Promise<boolean> {
  await endComparison(target, run.id, name, after);
  return true;
}

/** Whether the target holds no more rows than this run has loaded: then none can be gone, and nothing need be compared. */
async function hasNoOthers({ target }: Deps, run: Run, entity: Entity): Promise<boolean> {
  const { table, key } = entity.target;
  const counted = await target.query<{ count: number }>(`select count(${key}) from public.${table}`);
  const { loaded } = await sumsOf(target, run.id, entity.name);
  return (counted.rows[0]?.count ?? 0) <= loaded;
}

async function nextKeys({ target }: Deps, entity: Entity, after: number | string): Promise<number[]> {
  const { table, key } = entity.target;
  const found = await target.query<{ key: number }>(
    `select ${key} as key from public.${table} where ${key} > $1::bigint order by ${key} limit ${PAGE}`,
    [after],
  );
  return found.rows.map((row) => row.key);
}

async function missingInSource(
  { legacy, settings, signal }: Deps,
  { source: { table, key, legacyId } }: Entity,
  keys: readonly number[],
): Promise<number[]> {
  const held = legacyId === undefined ? key : legacyId(await readSourceShape(legacy));
  const found = await readOnly(
    legacy,
    async (tx) => {
      await tx.query(`set local lock_timeout = ${LOCK_MS}`);
      return await tx.query<{ key: number }>(
        `select k.key from unnest($1::bigint[]) k (key)
         where not exists (select from ${table} t where t.${held} = k.key) order by 1`,
        [keys],
      );
    },
    { statementMs: settings.legacyStatementMs, signal },
  );
  return found.rows.map((row) => row.key);
}

/** What is gone loses what it must not keep: a membership gives access as long as it is active. It comes back with its row. */
export async function deactivateGone(tx: Client, run: Run, { name, target }: Entity): Promise<void> {
  if (target.inactiveWhenGone === undefined) return;
  const { table, key, inactiveWhenGone: column } = target;
  await tx.query(
    `update public.${table} t set ${column} = false from migration.gone_rows g
     where g.entity = $1 and g.run_id = $2 and t.${key} = g.legacy_id and t.${column}`,
    [name, run.id],
  );
}
