/** The keys and indexes of a table that is already in the target: added, or in conflict with its rows or with other keys. */
import type { ExistingTable } from "./existing-schema.ts";
import { type Change, conflict, joined, NOTHING, type Plan } from "./extension-plan.ts";
import type { Queryable } from "./pool.ts";
import type { WantedForeignKey, WantedTable } from "./target-schema.ts";

/** Unique keys first: foreign keys refer to them. Keys over a column of another type are left to that conflict. */
export async function keyPlan(
  db: Queryable,
  wanted: WantedTable,
  existing: ExistingTable,
): Promise<Plan> {
  const plans: Plan[] = [];
  for (const key of wanted.uniques) plans.push(await uniquePlan(db, wanted.name, key, existing));
  for (const key of wanted.foreignKeys) plans.push(await foreignKeyPlan(db, wanted, key, existing));
  const conflicts = [
    ...strangerUniques(wanted, existing),
    ...strangerForeignKeys(wanted, existing),
  ];
  return joined([...plans, { changes: indexChanges(wanted, existing), conflicts }]);
}

async function uniquePlan(
  db: Queryable,
  table: string,
  key: readonly string[],
  existing: ExistingTable,
): Promise<Plan> {
  if (existing.uniques.some((columns) => sameSet(columns, key))) return NOTHING;
  const columns = key.join(", ");
  const known = key.every((column) => existing.columns.has(column));
  if (known && (await repeats(db, table, key)))
    return conflict(
      `public.${table} (${columns}) must be unique, but values repeat: resolve the duplicates`,
    );
  const kind = key[0] === "id" && !existing.hasPrimaryKey ? "primary key" : "unique";
  const sql = `alter table public.${table} add ${kind} (${columns})`;
  return {
    changes: [{ sql, says: `added ${kind} (${columns}) to public.${table}` }],
    conflicts: [],
  };
}

async function repeats(db: Queryable, table: string, key: readonly string[]): Promise<boolean> {
  const present = key.map((column) => `${column} is not null`).join(" and ");
  const { rows } = await db.query(
    `select from public.${table} where ${present} group by ${key.join(", ")} having count(*) > 1 limit 1`,
  );
  return rows.length > 0;
}

async function foreignKeyPlan(
  db: Queryable,
  { name }: WantedTable,
  { column, table: parent, onDelete }: WantedForeignKey,
  existing: ExistingTable,
): Promise<Plan> {
  const held = existing.foreignKeys.find(
    (key) => isTo(key.columns, column) && key.refersTo === idOf(parent),
  );
  if (held?.enforced === true) return NOTHING;
  const table = `public.${name}`;
  if (existing.columns.get(column)?.type === "uuid" && (await orphans(db, name, column, parent)))
    return conflict(
      `${table}.${column} must refer to ${idOf(parent)}, but some rows do not: correct or clear them`,
    );
  const action = onDelete === undefined ? "" : ` on delete ${onDelete}`;
  const change: Change =
    held === undefined
      ? {
          sql: `alter table ${table} add foreign key (${column}) references public.${parent} (id)${action}`,
          says: `added foreign key (${column}) to ${table}`,
        }
      : {
          sql: `alter table ${table} validate constraint ${held.name}`,
          says: `validated foreign key (${column}) of ${table}`,
        };
  return { changes: [change], conflicts: [] };
}

function idOf(table: string): string {
  return `public.${table}(id)`;
}

function isTo(columns: readonly string[], column: string): boolean {
  return columns.length === 1 && columns[0] === column;
}

/** Whether a row refers to a parent that is not there, or whose table is yet to be made. */
async function orphans(
  db: Queryable,
  table: string,
  column: string,
  parent: string,
): Promise<boolean> {
  const { rows: ids } = await db.query(
    `select from pg_attribute
      where attrelid = to_regclass($1) and attname = 'id' and atttypid = 'uuid'::regtype and not attisdropped`,
    [`public.${parent}`],
  );
  const unmet =
    ids.length === 0
      ? ""
      : ` and not exists (select from public.${parent} p where p.id = c.${column})`;
  const { rows } = await db.query(
    `select from public.${table} c where c.${column} is not null${unmet} limit 1`,
  );
  return rows.length > 0;
}

/** Unique keys over columns that we fill, which legacy rows need not keep (an e-mail address is shared by many). */
function strangerUniques(
  { name, columns, uniques }: WantedTable,
  existing: ExistingTable,
): string[] {
  const ours = new Set(columns.map((column) => column.name));
  return existing.uniques
    .filter((key) => key.every((column) => ours.has(column)))
    .filter((key) => !uniques.some((wanted) => wanted.every((column) => key.includes(column))))
    .map(
      (key) =>
        `public.${name} (${key.join(", ")}) is unique, which legacy rows need not be: drop that constraint`,
    );
}

/** The key by which a profile is a user of Supabase Auth: runs that make accounts make them first. */
function isOfUsers(
  name: string,
  { columns, refersTo }: ExistingTable["foreignKeys"][number],
): boolean {
  return name === "profiles" && isTo(columns, "id") && refersTo === "auth.users(id)";
}

/** Foreign keys of columns that we fill to anything but the parent that the catalog names. */
function strangerForeignKeys(
  { name, columns, foreignKeys }: WantedTable,
  existing: ExistingTable,
): string[] {
  const ours = new Set(columns.map((column) => column.name));
  return existing.foreignKeys
    .filter((key) => key.columns.some((column) => ours.has(column)))
    .filter((key) => !isOfUsers(name, key))
    .filter(
      (key) =>
        !foreignKeys.some(
          ({ column, table }) => isTo(key.columns, column) && key.refersTo === idOf(table),
        ),
    )
    .map(
      (key) =>
        `public.${name} (${key.columns.join(", ")}) refers to ${key.refersTo} by foreign key ${key.name}, where migrated rows have no counterpart: drop that constraint`,
    );
}

function indexChanges({ name, indexed, uniques }: WantedTable, existing: ExistingTable): Change[] {
  const led = new Set([...existing.indexed, ...uniques.map(([first]) => first)]);
  return indexed
    .filter((column) => !led.has(column))
    .map((column) => ({
      sql: `create index on public.${name} (${column})`,
      says: `added an index on public.${name} (${column})`,
    }));
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((column) => b.includes(column));
}
