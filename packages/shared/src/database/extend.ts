/**
 * Plans how the target becomes what the catalog wants: what is missing is created or added, nothing is dropped or rewritten.
 * What stands in the way is listed, each with what to do about it. Planning only reads.
 */
import { existingLabels, existingTable, type ExistingTable } from "./existing-schema.ts";
import { columnPlan } from "./extend-columns.ts";
import { keyPlan } from "./extend-keys.ts";
import { type Change, columnSql, conflict, joined, type Plan } from "./extension-plan.ts";
import type { Queryable } from "./pool.ts";
import { elsewherePlan } from "./tables-elsewhere.ts";
import type { WantedEnum, WantedTable } from "./target-schema.ts";

/** Enums and tables, in this order; a table's parents must come before it. `db` is a transaction with an empty search path. */
export async function planExtension(
  db: Queryable,
  enums: readonly WantedEnum[],
  tables: readonly WantedTable[],
): Promise<Plan> {
  const names = tables.map(({ name }) => name);
  const plans: Plan[] = [await elsewherePlan(db, names)];
  for (const wanted of enums) plans.push(enumPlan(wanted, await existingLabels(db, wanted.name)));
  for (const wanted of tables) plans.push(await tablePlan(db, wanted));
  return joined(plans);
}

function enumPlan(
  { name, labels }: WantedEnum,
  existing: readonly string[] | null | undefined,
): Plan {
  if (existing === null)
    return conflict(`type public.${name} exists and is not an enum: rename or drop that type`);
  if (existing === undefined) {
    const sql = `create type public.${name} as enum (${labels.map((label) => `'${label}'`).join(", ")})`;
    return { changes: [{ sql, says: `created type public.${name}` }], conflicts: [] };
  }
  const missing = labels.filter((label) => !existing.includes(label));
  return {
    changes: missing.map((label) => ({
      sql: `alter type public.${name} add value '${label}'`,
      says: `added ${label} to type public.${name}`,
    })),
    conflicts: [],
  };
}

async function tablePlan(db: Queryable, wanted: WantedTable): Promise<Plan> {
  const existing = await existingTable(db, wanted.name);
  if (existing === undefined) return { changes: creation(wanted), conflicts: [] };
  const refused = refusal(wanted.name, existing);
  if (refused !== undefined) return conflict(refused);
  const columns = await columnPlan(db, wanted, existing);
  return joined([columns, await keyPlan(db, wanted, existing)]);
}

function refusal(table: string, { ordinary, owned, owner }: ExistingTable): string | undefined {
  if (!ordinary)
    return `public.${table} exists and is not an ordinary table: rename it, so that the table can be made`;
  if (!owned)
    return `public.${table} belongs to role ${owner}: run "alter table public.${table} owner to" the role of TARGET_URL`;
  return undefined;
}

function creation({ name, columns, uniques, foreignKeys, indexed }: WantedTable): Change[] {
  const parts = [
    ...columns.map(columnSql),
    ...uniques.map((key) => (key[0] === "id" ? "primary key (id)" : `unique (${key.join(", ")})`)),
    ...foreignKeys.map(
      ({ column, table, onDelete }) =>
        `foreign key (${column}) references public.${table} (id)${onDelete === undefined ? "" : ` on delete ${onDelete}`}`,
    ),
  ];
  const led = new Set(uniques.map(([first]) => first));
  const indexes = indexed.filter((column) => !led.has(column));
  return [
    {
      sql: `create table public.${name} (\n  ${parts.join(",\n  ")}\n)`,
      says: `created table public.${name}`,
    },
    ...columns
      .filter(({ storage }) => storage !== undefined)
      .map((column) => ({
        sql: `alter table public.${name} alter column ${column.name} set storage ${column.storage}`,
      })),
    ...indexes.map((column) => ({ sql: `create index on public.${name} (${column})` })),
  ];
}
