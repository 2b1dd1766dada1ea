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
  /** Conditions that a key meets which cannot be used. */
  readonly bad: { readonly fractional: string; readonly nameless: string };
}

/** What is wrong with the keys of those entities' tables. A table whose key is unique and not null is not counted. */
export async function unusableKeys(
  tx: Queryable,
  shape: SourceShape,
  entities: readonly Entity[],
): Promise<string[]> {
  const keys = new Map(entities.map(({ source: { table, key } }) => [table, { table, key }]));
  const problems: string[] = [];
  for (const { table, key } of keys.values()) {
    const type = shape.type(table, key) ?? "";
    const one = { table, key, bad: badKeys(key, type, shape.family(table, key) === "integer") };
    if (one.bad.fractional !== NONE || !(await isKept(tx, one)))
      problems.push(...(await countBad(tx, one)));
    else if (one.bad.nameless !== NONE) problems.push(...(await countNameless(tx, one)));
  }
  return problems;
}

/** A condition that no row meets. */
const NONE = "false";

/**
 * The ledger names keys by bigint, and its ranges begin behind the least of them. Compared as bigint where the key is one: so its
 * index is used. NaN is above every number for PostgreSQL.
 */
function badKeys(key: string, type: string, whole: boolean): Key["bad"] {
  if (!whole)
    return {
      fractional: `${key} <> trunc(${key})`,
      nameless: `${key} <= -9223372036854775808 or ${key} >= 9223372036854775808`,
    };
  const least = `${key} = '-9223372036854775808'::bigint`;
  return { fractional: NONE, nameless: type === "bigint" ? least : NONE };
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

/** A look into the key's index. */
async function countNameless(tx: Queryable, { table, key, bad }: Key): Promise<string[]> {
  const { rows } = await tx.query<{ count: number }>(
    `select count(*) as count from ${table} where ${bad.nameless}`,
  );
  return namelessInWords(table, key, rows[0]?.count ?? 0);
}

interface Counted {
  readonly nulls: number;
  readonly doubles: number;
  readonly fractions: number;
  readonly nameless: number;
}

async function countBad(tx: Queryable, { table, key, bad }: Key): Promise<string[]> {
  const where = (condition: string) => `count(case when ${condition} then 1 end)`;
  await tx.query(`savepoint counted; set local statement_timeout = ${COUNT_MS}`);
  try {
    const { rows } = await tx.query<Counted>(
      `select count(*) - count(${key}) as nulls, count(${key}) - count(distinct ${key}) as doubles,
              ${where(bad.fractional)} as fractions, ${where(bad.nameless)} as nameless
         from ${table}`,
    );
    const [counted = { nulls: 0, doubles: 0, fractions: 0, nameless: 0 }] = rows;
    return [...inWords(table, key, counted), ...namelessInWords(table, key, counted.nameless)];
  } catch (error) {
    if (!TOO_LONG.has(errorCode(error) ?? "")) throw error;
    return [
      `nothing keeps ${table}.${key} unique, and counting it took more than ${COUNT_MS / 1_000} s: add a primary key`,
    ];
  } finally {
    await tx.query("rollback to savepoint counted");
  }
}

function namelessInWords(table: string, key: string, count: number): string[] {
  if (count === 0) return [];
  return [
    `${count} rows of ${table} have keys in ${key} that no ledger can name (at or below -2^63, at or above 2^63, NaN or infinite): give them other keys, or delete them`,
  ];
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
