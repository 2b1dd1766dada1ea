/** What a run leaves behind, in words that two runs of the same source can be compared by. */
import { entities, type Entity, inDependencyOrder } from "@nexus/catalog";
import { errorCode, type Pool } from "@nexus/shared/database";
import { eventually } from "@nexus/shared/testing";

export interface Accounts {
  /** Every row of each target table, by its legacy key, as text. Times of loading are left out. */
  readonly rows: Readonly<Record<string, readonly string[]>>;
  /** The sums of each entity. */
  readonly sums: readonly string[];
  readonly exceptions: readonly string[];
  /** Entity, code, column and legacy id of each note, however the rows were batched. */
  readonly notes: readonly string[];
  /** Content type and target id of each offer to the embedder, as often as it was offered. */
  readonly offers: readonly string[];
}

/** Reads the target and the ledger of a run. */
export async function accountsOf(target: Pool, runId: number): Promise<Accounts> {
  const rows: Record<string, string[]> = {};
  for (const entity of inDependencyOrder(entities))
    rows[entity.name] = await lines(target, targetRows(entity), runId);
  return {
    rows,
    sums: await lines(target, SUMS, runId),
    exceptions: await lines(target, EXCEPTIONS, runId),
    notes: await lines(target, NOTES, runId),
    offers: await lines(target, OFFERS, runId),
  };
}

/** A time that the source has not is the time of loading: later than the run's beginning, as no time of the sample is. */
function targetRows({ target: { table, key, columns } }: Entity): string {
  const instants = Object.keys(columns).filter((column) => column.endsWith("ed_at"));
  const members = instants.map(
    (column) => `'${column}', case when t.${column} < r.created_at then t.${column} end`,
  );
  return `select (to_jsonb(t) || jsonb_build_object(${members.join(", ")}))::text as line
    from public.${table} t, migration.runs r where r.id = $1 order by t.${key}`;
}

const SUMS = `
  select concat_ws(' ', entity, status, expected, read, loaded, inserted, updated, rejected, parked, noted) as line
  from migration.run_entities where run_id = $1 order by position`;

const EXCEPTIONS = `
  select concat_ws(' ', entity, legacy_id, outcome, reason, column_name, missing_entity, missing_id) as line
  from migration.exceptions where run_id = $1 order by 1`;

const NOTES = `
  select concat_ws(' ', b.entity, n.code, n.column_name, legacy_id) as line
  from migration.notes n join migration.batches b on b.id = n.batch_id, unnest(n.legacy_ids) as legacy_id
  where b.run_id = $1 order by 1`;

const OFFERS = `
  select concat_ws(' ', e.content_type, target_id) as line
  from migration.content_events e join migration.batches b on b.id = e.batch_id, unnest(e.target_ids) as target_id
  where b.run_id = $1 order by 1`;

async function lines(target: Pool, sql: string, runId: number): Promise<string[]> {
  const { rows } = await target.query<{ line: string }>(sql, [runId]);
  return rows.map(({ line }) => line);
}

/** Empties target and ledger, but for the settings. Run ids go on counting. Services that are there may wait for it crosswise: then it is done again. */
export async function forgetEverything(target: Pool): Promise<void> {
  const tables = entities.map((entity) => `public.${entity.target.table}`);
  const emptied = async (): Promise<boolean> => {
    try {
      await target.query(`truncate ${tables.join(", ")}, migration.runs cascade`);
      return true;
    } catch (error) {
      if (errorCode(error) !== DEADLOCK) throw error;
      return false;
    }
  };
  await eventually(emptied);
}

const DEADLOCK = "40P01";
