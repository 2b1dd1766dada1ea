/** The columns of a table that is already in the target: added, made NOT NULL, or in conflict. */
import type { ExistingColumn, ExistingTable } from "./existing-schema.ts";
import { columnSql, conflict, joined, NOTHING, type Plan } from "./extension-plan.ts";
import type { Queryable } from "./pool.ts";
import type { WantedColumn, WantedTable } from "./target-schema.ts";
import { hasRoomFor, labelsOf, refusedLabels } from "./text-for-enum.ts";

/** What to do about each column, those of the target that we know nothing of included. */
export async function columnPlan(
  db: Queryable,
  wanted: WantedTable,
  existing: ExistingTable,
): Promise<Plan> {
  const table = `public.${wanted.name}`;
  const plans: Plan[] = [];
  for (const column of wanted.columns) {
    const found = existing.columns.get(column.name);
    plans.push(
      found === undefined
        ? await addition(db, table, column)
        : await keeping(db, table, column, found),
    );
  }
  return joined([...plans, { changes: [], conflicts: unfillable(table, wanted, existing) }]);
}

async function addition(db: Queryable, table: string, column: WantedColumn): Promise<Plan> {
  if (column.required && column.default === undefined && (await anyRow(db, table, "true")))
    return conflict(
      `${table} has rows and lacks ${column.name}, which must not be empty: add the column and fill it in`,
    );
  const sql = `alter table ${table} add column ${columnSql(column)}`;
  return { changes: [{ sql, says: `added column ${table}.${column.name}` }], conflicts: [] };
}

/** Types that hold exactly the same values as the wanted one. */
const SAME: Readonly<Record<string, readonly string[]>> = {
  text: ["character varying"],
  "timestamp with time zone": ["timestamp(6) with time zone"],
};

async function keeping(
  db: Queryable,
  table: string,
  column: WantedColumn,
  found: ExistingColumn,
): Promise<Plan> {
  const { name, type } = column;
  if (found.generated !== null) return conflict(generatedWords(table, name, found.generated));
  const labels = labelsOf(type);
  const isText = labels !== undefined && hasRoomFor(labels, found.type);
  if (found.type !== type && !isText && !(SAME[type] ?? []).includes(found.type))
    return conflict(
      `${table}.${name} is ${found.type}: change its type to ${labels === undefined ? "" : "text or "}${type}`,
    );
  return joined([
    ...(isText ? await refusedLabels(db, table, name, labels) : []),
    defaultPlan(table, column, found),
    await nullPlan(db, table, column, found),
  ]);
}

/** How a column that is generated comes to take values. */
const TO_TAKE_VALUES = {
  stored: (column: string) => `alter column ${column} drop expression`,
  virtual: (column: string) => `drop column ${column}`,
  identity: (column: string) => `alter column ${column} drop identity`,
} as const;

function generatedWords(
  table: string,
  name: string,
  generated: keyof typeof TO_TAKE_VALUES,
): string {
  return `${table}.${name} is generated, and takes no value that the migration has for it: run "alter table ${table} ${TO_TAKE_VALUES[generated](name)}"`;
}

function defaultPlan(
  table: string,
  { name, default: fallback }: WantedColumn,
  { filled }: ExistingColumn,
): Plan {
  if (fallback === undefined || filled) return NOTHING;
  const sql = `alter table ${table} alter column ${name} set default ${fallback}`;
  return { changes: [{ sql, says: `gave ${table}.${name} a default` }], conflicts: [] };
}

async function nullPlan(
  db: Queryable,
  table: string,
  { name, required, filled }: WantedColumn,
  { notNull }: ExistingColumn,
): Promise<Plan> {
  if (notNull === required || filled === true) return NOTHING;
  if (!required)
    return conflict(
      `${table}.${name} is NOT NULL, but legacy rows may have no value there: run "alter table ${table} alter column ${name} drop not null"`,
    );
  if (await anyRow(db, table, `${name} is null`))
    return conflict(`${table}.${name} must not be empty, but is in some rows: fill it in`);
  const sql = `alter table ${table} alter column ${name} set not null`;
  return { changes: [{ sql, says: `made ${table}.${name} not null` }], conflicts: [] };
}

/** Columns that our inserts leave out and that would refuse them. */
function unfillable(table: string, wanted: WantedTable, existing: ExistingTable): string[] {
  const ours = new Set(wanted.columns.map(({ name }) => name));
  return [...existing.columns]
    .filter(([name, { notNull, filled }]) => notNull && !filled && !ours.has(name))
    .map(
      ([name]) =>
        `${table}.${name} is NOT NULL without a default, and the migration has no value for it: give it a default`,
    );
}

async function anyRow(db: Queryable, table: string, condition: string): Promise<boolean> {
  const { rows } = await db.query(`select from ${table} where ${condition} limit 1`);
  return rows.length > 0;
}
