/** Text where an enum is wanted: it does as well when it takes every label. */
import { conflict, NOTHING, type Plan } from "./extension-plan.ts";
import { nextStep } from "./failures.ts";
import type { Queryable } from "./pool.ts";
import { targetEnums } from "./target-schema.ts";

/** The labels of the enum that `type` names; undefined for any other type. */
export function labelsOf(type: string): readonly string[] | undefined {
  return targetEnums.find(({ name }) => type === `public.${name}`)?.labels;
}

/** Whether a type, as `format_type` prints it, is text with room for every label. */
export function hasRoomFor(labels: readonly string[], type: string): boolean {
  if (type === "text" || type === "character varying") return true;
  const [, limit] = /^character varying\((\d+)\)$/.exec(type) ?? [];
  return limit !== undefined && labels.every((label) => label.length <= Number(limit));
}

/**
 * A conflict for each check of the column alone that refuses a label. A check that calls a function of the target's own is not tried:
 * it may do anything. `table` is qualified; `db` is a transaction.
 */
export async function refusedLabels(
  db: Queryable,
  table: string,
  column: string,
  labels: readonly string[],
): Promise<readonly Plan[]> {
  const { rows } = await db.query<{ name: string; expression: string; type: string }>(
    `select quote_ident(k.conname) as name, pg_get_expr(k.conbin, k.conrelid) as expression,
            format_type(a.atttypid, a.atttypmod) as type
       from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and k.conkey = array[a.attnum]
      where k.conrelid = to_regclass($1) and k.contype = 'c' and a.attname = $2
        and not exists (select from pg_depend d where d.classid = 'pg_constraint'::regclass and d.objid = k.oid
                           and d.refclassid = 'pg_proc'::regclass)
      order by 1`,
    [table, column],
  );
  const plans: Plan[] = [];
  for (const { name, expression, type } of rows) {
    const refused = await refusedBy(
      db,
      `select ${column}::text as label
      from (select label::${type} as ${column} from unnest($1::text[]) label) r where not (${expression})`,
      labels,
    );
    plans.push(
      refused.length === 0 ? NOTHING : conflict(wordsFor({ table, column, name, refused })),
    );
  }
  return plans;
}

/** All of them where the check fails instead of answering. */
async function refusedBy(
  db: Queryable,
  sql: string,
  labels: readonly string[],
): Promise<readonly string[]> {
  await db.query("savepoint labels");
  try {
    const { rows } = await db.query<{ label: string }>(sql, [labels]);
    await db.query("release savepoint labels");
    return rows.map(({ label }) => label);
  } catch (error) {
    if (nextStep(error) !== "row") throw error;
    await db.query("rollback to savepoint labels");
    return labels;
  }
}

interface Refusing {
  readonly table: string;
  readonly column: string;
  /** Of the check, quoted. */
  readonly name: string;
  readonly refused: readonly string[];
}

function wordsFor({ table, column, name, refused }: Refusing): string {
  const are = refused.length === 1 ? "is a value" : "are values";
  return `check ${name} of ${table} refuses ${refused.join(", ")}, which ${are} of ${column}: let it allow them, or drop it`;
}
