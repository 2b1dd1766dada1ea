import { type Pool, type Queryable, readOnly } from "@nexus/shared/database";
import { maybeMost, mostRows, type Reasons } from "../most-rows.ts";
import { type Finding, note } from "./finding.ts";

const STATEMENT_MS = 10_000;

type Sums = Parameters<typeof maybeMost>[0];

/** Entities of the newest run whose rows were mostly turned away, or mostly lost a value, for reasons that are foreseen. */
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

const NEWEST = "(select max(id) from migration.runs)";

async function sumsOf(tx: Queryable): Promise<Sums[]> {
  const { rows } = await tx.query<Sums>(
    `select entity, read, loaded, rejected, parked, noted from migration.run_entities
     where run_id = ${NEWEST} order by position`,
  );
  return rows;
}

/** As `nexus report` counts them. */
async function reasonsOf(tx: Queryable): Promise<Reasons> {
  const shortfalls = await tx.query<Reasons["shortfalls"][number]>(
    `select entity, outcome as kind, reason, count(*) as rows, count(resolved_at) as resolved
     from migration.exceptions where run_id = ${NEWEST} group by 1, 2, 3 order by 4 desc, 3`,
  );
  const repairs = await tx.query<Reasons["repairs"][number]>(
    `select b.entity, n.code, n.column_name as column, sum(cardinality(n.legacy_ids))::bigint as rows
     from migration.batches b join migration.notes n on n.batch_id = b.id
     where b.run_id = ${NEWEST} group by 1, 2, 3 order by 4 desc, 2, 3`,
  );
  return { shortfalls: shortfalls.rows, repairs: repairs.rows };
}
