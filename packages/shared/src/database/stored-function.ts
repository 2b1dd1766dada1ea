/** Functions that the target keeps: made where they are missing, replaced where they differ. */
import type { Change } from "./extension-plan.ts";
import type { Queryable } from "./pool.ts";

/** A function of schema migration without arguments. It runs as its owner, with an empty search path. */
export interface StoredFunction {
  readonly name: string;
  readonly returns: "trigger" | "setof uuid";
  readonly language: "sql" | "plpgsql";
  readonly volatility: "stable" | "volatile";
  /** Names everything with its schema. */
  readonly body: string;
}

/** What it takes to have exactly this function; undefined when it is there. Nobody but its owner may call it. */
export async function functionChange(
  db: Queryable,
  wanted: StoredFunction,
): Promise<Required<Change> | undefined> {
  const { rows } = await db.query<{ same: boolean }>(
    `select p.prosrc = $2 and p.prosecdef and p.provolatile = $3 and p.proconfig = array['search_path=""'] as same
       from pg_proc p
      where p.pronamespace = to_regnamespace('migration') and p.proname = $1 and p.pronargs = 0`,
    [wanted.name, wanted.body, wanted.volatility === "stable" ? "s" : "v"],
  );
  const [found] = rows;
  if (found?.same === true) return undefined;
  return {
    sql: definition(wanted),
    says: `${found === undefined ? "created" : "replaced"} function migration.${wanted.name}`,
  };
}

function definition({ name, returns, language, volatility, body }: StoredFunction): string {
  return `create or replace function migration.${name}() returns ${returns}
    language ${language} ${volatility} security definer set search_path = '' as $function$${body}$function$;
  revoke all on function migration.${name}() from public`;
}

export interface Trigger {
  /** Of schema public. */
  readonly table: string;
  readonly event: "update of practice_id";
  /** Gives the trigger its name, too. */
  readonly calls: StoredFunction;
}

/** Creates trigger and function unless they are there, on a table that may be absent. Says what it did. */
export async function setTrigger(
  tx: Queryable,
  { table, event, calls }: Trigger,
): Promise<string[]> {
  const { rows } = await tx.query<{ has: boolean }>(
    `select exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = $2) as has
       from pg_class c where c.oid = to_regclass($1)`,
    [`public.${table}`, calls.name],
  );
  if (rows[0] === undefined) return [];
  const change = await functionChange(tx, calls);
  if (change !== undefined) await tx.query(change.sql);
  const said = change === undefined ? [] : [change.says];
  if (rows[0].has) return said;
  await tx.query(
    `create trigger ${calls.name} after ${event} on public.${table}
       for each row when (old.practice_id is distinct from new.practice_id)
       execute function migration.${calls.name}()`,
  );
  return [...said, `created trigger ${calls.name} on public.${table}`];
}
