/** What a test of adoption asks a half-filled target: what was counted, who refers to whom, and what has changed since. */
import type { AdoptionView, Client, Report } from "@nexus/contract";
import type { Pool } from "@nexus/shared/database";
import { eventually } from "@nexus/shared/testing";
import { expect } from "vitest";

const ADOPTED = ["practices", "profiles", "cases", "projects"] as const;

interface Changed {
  readonly rows: number;
  readonly columns: Readonly<Record<string, number>>;
}

/** What the server has counted of writes to the target's own tables, and of the account that a plan writes last. */
export async function writesSoFar(target: Pool): Promise<{ tables: unknown[]; told: number }> {
  const { rows } = await target.query<{ told: number }>(
    `select coalesce(sum(n_tup_ins), 0)::int as told from pg_stat_user_tables
     where schemaname = 'migration' and relname = 'adoption_entities'`,
  );
  const tables = await target.query(
    `select relname, n_tup_ins, n_tup_upd, n_tup_del from pg_stat_user_tables where schemaname = 'public' order by 1`,
  );
  return { tables: tables.rows, told: rows[0]?.told ?? 0 };
}

/** Each duplicate is told with the rows that refer to it, by whatever foreign key. */
export async function expectChildren(target: Pool, api: Client, id: number): Promise<void> {
  const keys = await target.query<{ child: string; column: string; parent: string }>(
    `select c.conrelid::regclass::text as child, a.attname::text as "column", p.relname::text as parent
     from pg_constraint c join pg_class p on p.oid = c.confrelid
       join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
     where c.contype = 'f' and p.relnamespace = 'public'::regnamespace`,
  );
  const params = { id: String(id) };
  const { items } = await api.call("GET /v1/adoptions/:id/findings", {
    params,
    query: { reason: "duplicate", limit: 1_000 },
  });
  expect(items.length).toBeGreaterThan(0);
  for (const { entity, id: row, children } of items) {
    const refer = keys.rows.filter(({ parent }) => parent === entity);
    const counts = refer.map(
      ({ child, column }) => `(select count(*) from ${child} where "${column}" = '${row}')`,
    );
    const { rows } = await target.query<{ children: number }>(
      `select (${["0", ...counts].join(" + ")})::int as children`,
    );
    expect(children, `${entity} ${row}`).toBe(rows[0]?.children);
  }
  expect(items.filter(({ children }) => (children ?? 0) > 0).length).toBeGreaterThan(0);
}

/** Keeps the adopted rows as they are before the first run. */
export async function rememberAdopted(target: Pool): Promise<void> {
  for (const entity of ADOPTED)
    await target.query(
      `create table migration.before_${entity} as select t.* from public.${entity} t
         join migration.adopted_rows a on a.entity = '${entity}' and a.id = t.id`,
    );
}

/** What is otherwise in them now: rows, and rows by column. */
export async function changedSince(target: Pool): Promise<Record<string, Changed>> {
  const changed: Record<string, Changed> = {};
  for (const entity of ADOPTED) {
    const before = await target.query(`select from migration.before_${entity} limit 1`);
    if (before.rowCount === 0) continue; // The earlier tool did not come as far.
    const { rows } = await target.query<{ id: string; column: string }>(
      `select t.id::text as id, n.key as "column" from migration.before_${entity} b join public.${entity} t using (id),
         jsonb_each_text(to_jsonb(t)) n where n.value is distinct from to_jsonb(b) ->> n.key`,
    );
    const columns: Record<string, number> = {};
    for (const { column } of rows) columns[column] = (columns[column] ?? 0) + 1;
    changed[entity] = { rows: new Set(rows.map(({ id }) => id)).size, columns };
  }
  return changed;
}

/** A project follows its case into another practice as soon as the case is written: no batch of projects changes that. */
export function withoutFollowers({ projects, ...others }: Record<string, Changed>) {
  const { practice_id: _, ...columns } = projects?.columns ?? {};
  return { ...others, projects: { rows: projects?.rows, columns } };
}

interface Asking {
  readonly kind: "plan" | "adopt" | "undo";
  readonly keep?: readonly string[];
}

/** Asks for an adoption and waits for its end. */
export async function adoption(api: Client, { kind, keep = [] }: Asking): Promise<AdoptionView> {
  const { id } = await api.call("POST /v1/adoptions", { body: { kind, keep: [...keep] } });
  return await eventually(() => api.call("GET /v1/adoptions/:id", { params: { id: String(id) } }), {
    until: ({ status }) => status !== "open",
    within: 120_000,
    every: 20,
  });
}

export function counts({ entity, strangers, adopted, left }: AdoptionView["entities"][number]) {
  return { entity, strangers, adopted, left };
}

export function counted({ entities }: AdoptionView): Readonly<Record<string, number>> {
  return Object.fromEntries(entities.map(({ entity, adopted }) => [entity, adopted]));
}

export function sum(rows: Readonly<Record<string, number>>): number {
  return Object.values(rows).reduce((total, some) => total + some, 0);
}

export function keyOf(entity: string): string {
  return entity === "cases" ? "legacy_project_id" : "legacy_id";
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return Math.round(performance.now() - began);
}

/** What a report tells of adopted rows that its run changed: of each entity the rows, and the rows by column. */
export function changesTold({ target, adopted }: Report): Record<string, Changed> {
  const columnsOf = (entity: string): Record<string, number> => {
    const columns = adopted.rows.filter((one) => one.entity === entity);
    return Object.fromEntries(columns.map(({ column, rows }) => [column, rows]));
  };
  const changed = target.rows.filter((one) => one.changed > 0);
  return Object.fromEntries(
    changed.map(({ entity, changed: rows }) => [entity, { rows, columns: columnsOf(entity) }]),
  );
}
