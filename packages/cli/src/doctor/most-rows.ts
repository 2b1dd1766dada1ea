import { type Pool, type Queryable, readOnly } from "@nexus/shared/database";
import { maybeMost, mostRows, type Reasons } from "../most-rows.ts";
import { type Finding, note } from "./finding.ts";

const STATEMENT_MS = 10_000;

type Sums = Parameters<typeof maybeMost>[0];

/** Entities whose rows were mostly turned away, or mostly lost a value, for reasons that are foreseen, when a run last read all of them. */
export async function examineMostRows(target: Pool): Promise<Finding[]> {
  return await readOnly(
    target,
    async (tx) => {
      const sums = (await sumsOf(tx)).filter(maybeMost);
      if (sums.length === 0) return [];
      const found = mostRows(sums, await reasonsOf(tx));
      return found.map(({ code, says, next }) => note("run", code, says, next));
    },
    { statementMs: STATEMENT_MS },
  );
}

/** The newest run that has read all rows of an entity: no repair, and no delta that left some as they were. */
const READ_ALL = `
  with read_all as (
    select distinct on (entity) run_id, entity, read, loaded, rejected, parked, noted from migration.run_entities
    where status in ('complete', 'blocked') and cursor_key > -9223372036854775808 and unchanged = 0
    order by entity, run_id desc)`;

async function sumsOf(tx: Queryable): Promise<Sums[]> {
  const { rows } = await tx.query<Sums>(
    `${READ_ALL} select entity, read, loaded, rejected, parked, noted from read_all order by entity`,
  );
  return rows;
}

/** As `nexus report` counts them. */
async function reasonsOf(tx: Queryable): Promise<Reasons> {
  const shortfalls = await tx.query<Reasons["shortfalls"][number]>(
    `${READ_ALL}
     select x.entity, x.outcome as kind, x.reason, count(*) as rows, count(x.resolved_at) as resolved
     from read_all e join migration.exceptions x on x.run_id = e.run_id and x.entity = e.entity
     group by 1, 2, 3 order by 4 desc, 3`,
  );
  const repairs = await tx.query<Reasons["repairs"][number]>(
    `${READ_ALL}
     select e.entity, n.code, n.column_name as column, sum(cardinality(n.legacy_ids))::bigint as rows
     from read_all e join migration.batches b on b.run_id = e.run_id and b.entity = e.entity
       join migration.notes n on n.batch_id = b.id
     group by 1, 2, 3 order by 4 desc, 2, 3`,
  );
  return { shortfalls: shortfalls.rows, repairs: repairs.rows };
}
