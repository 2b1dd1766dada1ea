import { entities, type Entity } from "@nexus/catalog";
import { type Pool, type Queryable, readOnly } from "@nexus/shared/database";
import { activeRun, type Unfinished, unfinishedEntities } from "@nexus/shared/ledger";
import {
  and,
  countDistinct,
  desc,
  eq,
  exceptions,
  isNull,
  type movedParents as moved,
  query,
  read,
} from "@nexus/shared/tables";
import { count } from "../words.ts";
import { type Finding, note, wrong } from "./finding.ts";

const STATEMENT_MS = 10_000;

interface Parked {
  readonly entity: string;
  readonly parent: string;
  readonly rows: number;
  readonly runId: number;
  /** What the newest run of the entity did with the parent. */
  readonly part: "moved" | "skipped" | "absent";
}

/** Rows that nobody brought to an end, rows that wait for a parent, and rows that were refused. */
export async function examineExceptions(target: Pool): Promise<Finding[]> {
  return await readOnly(
    target,
    async (tx) => [
      ...(await unfinishedEntities(tx, (await activeRun(tx))?.id ?? null)).map(sayUnfinished),
      ...(await movedParents(tx)),
      ...(await parkedRows(tx)).map(sayParked),
      ...(await rejectedRows(tx)),
    ],
    { statementMs: STATEMENT_MS },
  );
}

function sayUnfinished({ entity, batches, rows }: Unfinished): Finding {
  const says = `${entity}: ${count(batches)} batches of ${count(rows)} rows failed in an earlier run, and nothing was heard of them since`;
  return wrong("run", "rows_without_outcome", says, `mend the cause, then nexus requeue ${entity}`);
}

/** A run that is active does that by itself. What follows its case does so at once, all but the rows that were being written. */
async function movedParents(tx: Queryable): Promise<Finding[]> {
  if ((await activeRun(tx)) !== undefined) return [];
  const followers = entities.filter(({ followsCase }) => followsCase === true);
  const { rows } = await tx.query<
    Pick<typeof moved.$inferSelect, "child" | "parent"> & { rows: number }
  >(
    `select child, parent, count(*) as rows from migration.moved_parents m
     where ${followers.map(onlyApart).join(" and ")}
     group by 1, 2 order by 1, 2`,
  );
  return rows.map(({ child, parent, rows: moved }) => {
    const says = `${child}: ${count(moved)} of their ${parent} changed in what ${child} derive from them, and nobody loaded those ${child} again`;
    return wrong("run", "parents_moved", says, `nexus start --entities ${child}`);
  });
}

/** Of an entity that follows its case, only rows that are in another practice than it. */
function onlyApart({ name, target: { table } }: Entity): string {
  return `(child <> '${name}' or exists (
         select from public.${table} t join public.cases c on c.id = t.case_id
         where c.id = m.parent_id and t.practice_id is distinct from c.practice_id))`;
}

function sayParked({ entity, parent, rows, runId, part }: Parked): Finding {
  const parked = `${entity}: ${count(rows)} rows are parked, because their ${parent} are not in the target`;
  if (part === "moved") {
    const says = `${parked}; run ${runId} moved ${parent}: they were rejected, or the source lacks them`;
    return note(
      "run",
      "rows_parked",
      says,
      `nexus exceptions ${entity}; they follow by themselves when their ${parent} arrive`,
    );
  }
  const how = part === "skipped" ? "was told to skip" : "was not asked to move";
  const says = `${parked}, and run ${runId} ${how} ${parent}`;
  return wrong("run", "parent_skipped", says, `nexus start --entities ${parent},${entity}`);
}

async function parkedRows(tx: Queryable): Promise<Parked[]> {
  const { rows } = await tx.query<Parked>(
    `with parked as (
       select entity, missing_entity as parent, count(distinct legacy_id) as rows, max(run_id) as run_id
       from migration.exceptions where resolved_at is null and outcome = 'parked' group by 1, 2)
     select p.entity, p.parent, p.rows, p.run_id as "runId",
       case when e.status is null then 'absent' when e.status = 'skipped' then 'skipped' else 'moved' end as part
     from parked p left join migration.run_entities e on e.run_id = p.run_id and e.entity = p.parent
     order by p.rows desc, 1, 2`,
  );
  return rows;
}

async function rejectedRows(tx: Queryable): Promise<Finding[]> {
  const { entity } = exceptions;
  const rows = countDistinct(exceptions.legacy_id);
  const found = await read(
    tx,
    query
      .select({ entity, rows })
      .from(exceptions)
      .where(and(isNull(exceptions.resolved_at), eq(exceptions.outcome, "rejected")))
      .groupBy(entity)
      .orderBy(desc(rows), entity),
  );
  return found.map(({ entity, rows: rejected }) =>
    note(
      "run",
      "rows_rejected",
      `${entity}: ${count(rejected)} rows were rejected`,
      `nexus exceptions ${entity} --outcome rejected`,
    ),
  );
}
