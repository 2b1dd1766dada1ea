/** The checks of settling as SQL that an auditor repeats: columns `expected` and `actual`, as far as a check has them. */
import type { Entity } from "@nexus/catalog";

type Checked = Pick<Entity, "name" | "target">;

/** By name of the check. What a check of its settling compared then is counted now: rows that came since are counted too. */
const CHECKS: Readonly<Record<string, (entity: Checked, of: string) => string>> = {
  no_failed_batch: (_, of) =>
    `select 0 as expected, count(*) as actual from migration.batches where ${of} and status = 'failed'`,
  sum_closes: (_, of) =>
    `select coalesce(sum(read), 0)::bigint as expected, coalesce(sum(loaded + rejected + parked), 0)::bigint as actual from migration.batches where ${of}`,
  exceptions_on_record: (_, of) =>
    `select coalesce(sum(rejected + parked), 0)::bigint as expected,
  (select count(*) from migration.exceptions where ${of}) as actual
from migration.batches where ${of}`,
  loaded_rows_found: ({ target: { table, key } }, of) =>
    `select coalesce(sum(loaded), 0)::bigint as expected, (select count(${key}) from public.${table}) as actual
from migration.batches where ${of}`,
  constraints_enforced: ({ target: { table } }) =>
    `select 0 as expected, (select count(*) from pg_constraint where conrelid = 'public.${table}'::regclass and not convalidated)
  + (select count(*) from pg_trigger where tgrelid = 'public.${table}'::regclass and tgenabled = 'D') as actual`,
  rows_sharing_an_email: ({ target: { table } }) =>
    `select coalesce(sum(n), 0)::bigint as actual
from (select count(*) as n from public.${table} where email is not null group by email having count(*) > 1) shared`,
  rows_apart_from_their_case: ({ target: { table } }) =>
    `select 0 as expected, count(*) as actual from public.${table} t join public.cases c on c.id = t.case_id
where t.practice_id is distinct from c.practice_id`,
  rows_lost: (_, of) =>
    `-- Keys that were missing; what the source got since they were read is taken off by whoever can ask the source.
select 0 as expected, count(*) as actual from migration.missing_keys where ${of}`,
  rows_gone_from_source: ({ name }, of) =>
    `-- Those that are still there, and those that the run deleted.
select (select count(*) from migration.gone_rows where ${entityIs(name)}) + gone_deleted as actual from migration.run_entities where ${of}`,
  unforeseen_losses: (_, of) =>
    `select coalesce(sum(unforeseen), 0)::bigint as actual from migration.batches where ${of} and status = 'done'
  and (keys is null or exists (select from migration.runs r where r.id = run_id and r.mode = 'delta'))`,
};

/** Undefined for a check, or an entity, that this release does not know. */
export function checkSql(
  name: string,
  entity: Checked | undefined,
  runId: number,
): string | undefined {
  if (entity === undefined) return undefined;
  return CHECKS[name]?.(entity, `run_id = ${runId} and ${entityIs(entity.name)}`);
}

function entityIs(entity: string): string {
  return `entity = '${entity}'`;
}
