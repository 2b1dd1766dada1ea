/** Keys of the source: rows are ranged over and accounted for by them, so each must be there once. PostgreSQL 9.5 syntax. */
import type { Entity, SourceShape } from "@nexus/catalog";
import { errorCode } from "./failures.ts";
import type { Queryable } from "./pool.ts";
import { FOUND_BY_NAME } from "./source-tables.ts";

/** Milliseconds that the keys of one table may be counted: the source is live. */
const COUNT_MS = 20_000;

/** Milliseconds that may be spent on what is only worth a note. */
const NOTE_MS = 3_000;

/** A statement took too long, or a lock was not given. */
const TOO_LONG: ReadonlySet<string> = new Set(["57014", "55P03"]);

interface Key {
  readonly table: string;
  readonly key: string;
}

/** What is wrong with the keys of those entities' tables. A table whose key is unique and not null is not counted. */
export async function unusableKeys(
  tx: Queryable,
  shape: SourceShape,
  entities: readonly Entity[],
): Promise<string[]> {
  const keys = new Map(entities.map(({ source: { table, key } }) => [table, { table, key }]));
  const problems: string[] = [];
  for (const one of keys.values()) {
    const whole = shape.family(one.table, one.key) === "integer";
    if (!(whole && (await isKept(tx, one)))) problems.push(...(await countBad(tx, one, whole)));
  }
  return problems;
}

/** How many rows have keys that the target's integers cannot hold: read at both ends of the key's index. */
export async function keysTooGreat(
  tx: Queryable,
  shape: SourceShape,
  entities: readonly Entity[],
): Promise<string[]> {
  const notes: string[] = [];
  const keys = new Map(entities.map(({ source: { table, key } }) => [table, key]));
  for (const [table, key] of keys) {
    if (/^(?:integer|smallint)$/.test(shape.type(table, key) ?? "")) continue;
    const count = await countTooGreat(tx, table, key);
    if (count > 0)
      notes.push(
        `${count} rows of ${table} have keys beyond the integers of the target: each will be rejected`,
      );
  }
  return notes;
}

/** 0 where somebody keeps us waiting: it is only a note. */
async function countTooGreat(tx: Queryable, table: string, key: string): Promise<number> {
  const beyond = (where: string) => `(select count(*) from ${table} where ${key} ${where})`;
  await tx.query(`savepoint great; set local statement_timeout = ${NOTE_MS}`);
  try {
    const { rows } = await tx.query<{ count: number }>(
      `select ${beyond("> 2147483647")} + ${beyond("< -2147483648")} as count`,
    );
    return rows[0]?.count ?? 0;
  } catch (error) {
    if (!TOO_LONG.has(errorCode(error) ?? "")) throw error;
    return 0;
  } finally {
    await tx.query("rollback to savepoint great");
  }
}

/** Unique and not null by the table's own rules. The rules of a parent of other tables do not bind those. */
async function isKept(tx: Queryable, { table, key }: Key): Promise<boolean> {
  const { rowCount } = await tx.query(
    `select from pg_catalog.pg_class c
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = $2 and a.attnotnull
      where ${FOUND_BY_NAME} and c.relname = $1 and not (c.relkind = 'r' and c.relhassubclass)
        and exists (select from pg_catalog.pg_index i
                     where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indnatts = 1
                       and i.indkey[0] = a.attnum and i.indpred is null and i.indexprs is null)`,
    [table, key],
  );
  return rowCount === 1;
}

interface Counted {
  readonly nulls: number;
  readonly doubles: number;
  readonly fractions: number;
}

async function countBad(tx: Queryable, { table, key }: Key, whole: boolean): Promise<string[]> {
  const fractions = whole ? "0" : `count(case when ${key} <> trunc(${key}) then 1 end)`;
  await tx.query(`savepoint counted; set local statement_timeout = ${COUNT_MS}`);
  try {
    const { rows } = await tx.query<Counted>(
      `select count(*) - count(${key}) as nulls, count(${key}) - count(distinct ${key}) as doubles, ${fractions} as fractions
         from ${table}`,
    );
    return inWords(table, key, rows[0] ?? { nulls: 0, doubles: 0, fractions: 0 });
  } catch (error) {
    if (!TOO_LONG.has(errorCode(error) ?? "")) throw error;
    return [
      `nothing keeps ${table}.${key} unique, and counting it took more than ${COUNT_MS / 1_000} s: add a primary key`,
    ];
  } finally {
    await tx.query("rollback to savepoint counted");
  }
}

function inWords(table: string, key: string, { nulls, doubles, fractions }: Counted): string[] {
  const found = [
    ...(nulls > 0 ? [`${nulls} without a key`] : []),
    ...(doubles > 0 ? [`${doubles} whose key another row has too`] : []),
    ...(fractions > 0 ? [`${fractions} whose key is no whole number`] : []),
  ];
  if (found.length === 0) return [];
  return [
    `rows of ${table} that cannot be told apart by ${key}: ${found.join(", ")}: mend them, and make it the primary key`,
  ];
}
