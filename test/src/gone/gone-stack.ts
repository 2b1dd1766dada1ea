/** What tests of gone rows ask of a journey: a run whose limits an operator has raised, and what became of the rows. */
import { entities } from "@nexus/catalog";
import type { EntityProgress } from "@nexus/shared/ledger";
import type { Journey } from "../journey.ts";

/** `GONE_POLICY` that says the same of some entities, of all unless said otherwise. */
export function policyOf(
  policy: string,
  names: readonly string[] = entities.map(({ name }) => name),
): string {
  return names.map((name) => `${name}=${policy}`).join(",");
}

/** Some patients leave the source for ever, with their instructions, plans, projects and states: rows of four entities. */
export async function leave({ legacy }: Journey, patients: number): Promise<void> {
  await legacy.query(
    `create table leaving as select p.id from dispatch_patient p
       where exists (select from dispatch_instruction i join dispatch_plan l on l.instruction_id = i.id where i.patient_id = p.id)
       order by id limit ${patients};
     create table leaving_with as select id from dispatch_instruction where patient_id in (select id from leaving);
     create table leaving_too as select distinct project_id as id from dispatch_plan where instruction_id in (select id from leaving_with);
     delete from dispatch_state where instruction_id in (select id from leaving_with);
     delete from dispatch_plan where project_id in (select id from leaving_too) or instruction_id in (select id from leaving_with);
     delete from dispatch_instruction where id in (select id from leaving_with);
     delete from dispatch_project where id in (select id from leaving_too);
     delete from dispatch_patient where id in (select id from leaving);
     drop table leaving, leaving_with, leaving_too`,
  );
}

interface Believed {
  readonly runId: number;
  readonly progress: readonly EntityProgress[];
}

/** A run in which an operator believes that every row is gone that the source does not show. */
export async function runBelieving(journey: Journey): Promise<Believed> {
  const runId = await beginBelieving(journey);
  return { runId, progress: await journey.completed(runId) };
}

/** The same, not waited for. */
export async function beginBelieving({ target, begin }: Journey): Promise<number> {
  const runId = await begin();
  await target.query("update migration.run_entities set gone_percent = 100 where run_id = $1", [
    runId,
  ]);
  return runId;
}

/** By entity, the keys of gone rows that are still there, with what was done about each. */
export async function goneRows({ target }: Journey): Promise<Record<string, Fates>> {
  const { rows } = await target.query<{ entity: string; key: number; fate: string | null }>(
    "select entity, legacy_id as key, fate from migration.gone_rows order by 1, 2",
  );
  const found: Record<string, Record<number, string>> = {};
  for (const { entity, key, fate } of rows) (found[entity] ??= {})[key] = fate ?? "none";
  return found;
}

/** By key. */
type Fates = Readonly<Record<number, string>>;

/** By entity, the counts of its gone rows, where there are any. */
export function counted(progress: readonly EntityProgress[]): Record<string, Counts> {
  return Object.fromEntries(
    progress.flatMap(({ entity, gone, goneArchived, goneDeleted, goneLeft }) =>
      gone > 0
        ? [[entity, { gone, archived: goneArchived, deleted: goneDeleted, left: goneLeft }]]
        : [],
    ),
  );
}

interface Counts {
  readonly gone: number;
  readonly archived: number;
  readonly deleted: number;
  readonly left: Readonly<Record<string, number>>;
}

/** What the extractors wrote into the audit log of gone rows: action, entity, rows. */
export async function audited({ target }: Journey, runId: number): Promise<readonly string[]> {
  const { rows } = await target.query<{ line: string }>(
    `select action || ' ' || entity || ' ' || sum((details ->> 'rows')::integer) as line from migration.audit_log
     where run_id = $1 and actor = 'extractor' group by action, entity order by 1`,
    [runId],
  );
  return rows.map(({ line }) => line);
}
