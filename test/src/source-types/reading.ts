/** A source that is altered, read as the loader reads it, and put back. */
import { entities, extractionSql, type Outcome, parseCodes } from "@nexus/catalog";
import { type Client, type Pool, openPool, readSourceShape } from "@nexus/shared/database";
import type { Alteration } from "./alterations.ts";

const codes = parseCodes();
const PARENT = { id: "00000000-0000-5000-8000-000000000001", practice_id: null, role: "doctor" };

export type Outcomes = Readonly<Record<string, readonly (Outcome | string)[]>>;

/** What becomes of every row, as if every parent were in the target. */
export async function outcomesOf(tx: Client, zone?: string): Promise<Outcomes> {
  await tx.query("set local timezone = 'UTC'; set local datestyle = 'ISO'");
  const shape = await readSourceShape(tx, zone);
  const all: Record<string, (Outcome | string)[]> = {};
  for (const entity of entities) {
    const range = ["-9223372036854775808", "9223372036854775807"];
    const { rows } = await tx.query(extractionSql(entity, shape, "range"), range);
    all[entity.name] = rows.map((raw) => {
      try {
        return entity.read(raw).map(() => PARENT, codes);
      } catch (error) {
        return String(error);
      }
    });
  }
  return all;
}

/** Whatever `work` does is undone. */
export async function rolledBack<T>(legacy: Pool, work: (tx: Client) => Promise<T>): Promise<T> {
  const tx = await legacy.connect();
  try {
    await tx.query("begin");
    return await work(tx);
  } finally {
    await tx.query("rollback");
    tx.release();
  }
}

const quoted = (column: string): string => column.replace(/\.on$/, '."on"');

/** Gives columns another type. Foreign keys go. */
export async function alter(
  tx: Client,
  { columns, to, using = "$", before }: Alteration,
): Promise<void> {
  if (before !== undefined) await tx.query(before);
  await tx.query(`do $do$ declare one record; begin for one in select conname, conrelid::regclass as of from pg_constraint where contype = 'f'
    loop execute format('alter table %s drop constraint %I', one.of, one.conname); end loop; end $do$`);
  for (const named of columns.split(", ").map(quoted)) {
    const [table = "", column = ""] = named.split(".");
    await tx.query(
      `alter table ${table} alter ${column} type ${to} using (${using.replaceAll("$", column)})::${to}`,
    );
  }
}

/** A pool of one connection. */
export function openSource(url: string): Pool {
  return openPool({ url, max: 1, name: "nexus-test", onError: () => undefined });
}
