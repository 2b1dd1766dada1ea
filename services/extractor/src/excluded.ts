/** The rows that a run leaves out are counted once in the source, so that people can be told how many they are. */
import { entities, entityNamed, type SourceShape } from "@nexus/catalog";
import { type Queryable, readOnly, readSourceShape } from "@nexus/shared/database";
import type { Run } from "@nexus/shared/ledger";
import type { Deps } from "./deps.ts";
import { attempt, isDue, LOCK_MS, patience, type Setbacks } from "./setbacks.ts";

/** Counts the rows of a skipped entity in the source. An entity that cannot be counted now gets a code, and holds nothing up. */
export async function countSkipped(
  deps: Deps,
  run: Run,
  setbacks: Setbacks,
  shape: SourceShape,
  name: string,
): Promise<void> {
  const step = stepOf(name);
  const statementMs = patience(setbacks, step, deps.settings.legacyStatementMs);
  await attempt(deps, run, setbacks, step, async () =>
    recordExcluded(deps.target, run.id, name, await countSource(deps, shape, name, statementMs)),
  );
}

/** Counts again what could not be counted when the run began. */
export async function countExcluded(deps: Deps, run: Run, setbacks: Setbacks): Promise<void> {
  const uncounted = await uncountedEntities(deps.target, run.id);
  const due = uncounted.filter((name) => isDue(setbacks, stepOf(name)));
  if (due.length === 0) return;
  const shape = await readSourceShape(deps.legacy);
  for (const name of due) await countSkipped(deps, run, setbacks, shape, name);
}

function stepOf(entity: string) {
  return { name: "count", entity, statuses: ["skipped"] } as const;
}

/** None where its table is not even there. */
async function countSource(
  { legacy, signal }: Deps,
  shape: SourceShape,
  name: string,
  statementMs: number,
): Promise<number> {
  const { table } = entityNamed(entities, name).source;
  if (!shape.has(table)) return 0;
  const counted = await readOnly(
    legacy,
    async (tx) => {
      await tx.query(`set local lock_timeout = ${LOCK_MS}`);
      return await tx.query<{ count: number }>(`select count(*) from ${table}`);
    },
    { statementMs, signal },
  );
  return counted.rows[0]?.count ?? 0;
}

/** Records how many rows of a skipped entity the source holds: they are excluded, in one count. */
export async function recordExcluded(
  db: Queryable,
  runId: number,
  entity: string,
  count: number,
): Promise<void> {
  await db.query(
    `update migration.run_entities set expected = $3, excluded = $3, error_code = null
     where run_id = $1 and entity = $2 and status = 'skipped'`,
    [runId, entity, count],
  );
}

/** Skipped entities whose rows could not be counted yet. */
async function uncountedEntities(db: Queryable, runId: number): Promise<string[]> {
  const found = await db.query<{ entity: string }>(
    `select entity from migration.run_entities
     where run_id = $1 and status = 'skipped' and error_code is not null order by position`,
    [runId],
  );
  return found.rows.map(({ entity }) => entity);
}
