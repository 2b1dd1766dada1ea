import type { Entity, Within } from "./entity.ts";
import { missingInSource } from "./missing-in-source.ts";
import type { SourceShape } from "./source-shape.ts";
import { withTypes } from "./typed-source.ts";

/**
 * The statement that reads source rows of an entity in key order. `range`: parameters (after, to], two bigints;
 * `keys`: one array of bigints. PostgreSQL 9.5 syntax, SELECT only. Rows are read as node-postgres delivers them, but for
 * dates and times, which must stay text, in a session whose TimeZone is UTC and whose DateStyle is ISO. Throws
 * `MissingInSource` where the shape lacks something that the entity needs.
 */
export function extractionSql(entity: Entity, shape: SourceShape, by: "range" | "keys"): string {
  const [missing] = missingInSource([entity], shape);
  if (missing !== undefined) throw missing;
  const key = `${entity.source.alias}.${entity.source.key}`;
  const within = extractionKeys[by];
  return withTypes(
    `${entity.source.query(shape, within)}\nwhere ${within(key)}\norder by ${key}`,
    shape,
  );
}

/** The first eight bytes of the MD5 of row `q` as PostgreSQL writes it, as a signed number. */
const FINGERPRINT = `('x' || substr(md5(q::text), 1, 16))::bit(64)::bigint`;

/**
 * Like `extractionSql`, and each row carries `fingerprint`, a bigint of all that the statement reads of it, of joined tables too: equal
 * rows have equal ones, and different rows have different ones but once in 2^64 times.
 */
export function fingerprintedSql(entity: Entity, shape: SourceShape, by: "range" | "keys"): string {
  return `select q.*, ${FINGERPRINT} as fingerprint from (${extractionSql(entity, shape, by)}) q`;
}

/** The fingerprints alone, as `key` and `hash`, of rows in a range of keys: two parameters, (after, to]. */
export function fingerprintsSql(entity: Entity, shape: SourceShape): string {
  return `select q.id::bigint as key, ${FINGERPRINT} as hash from (${extractionSql(entity, shape, "range")}) q`;
}

/** The same of single keys: one array of bigints. */
export function fingerprintsOfKeysSql(entity: Entity, shape: SourceShape): string {
  return `select q.id::bigint as key, ${FINGERPRINT} as hash from (${extractionSql(entity, shape, "keys")}) q`;
}

/** Like `extractionSql` by `range`, but rows carry only what others' rows are known by: `entity.read` takes them. */
export function recognitionSql(entity: Entity, shape: SourceShape): string {
  const { query } = entity.recognition;
  const cheap = query === undefined ? entity : { ...entity, source: { ...entity.source, query } };
  return extractionSql(cheap, shape, "range");
}

/** The condition of the keys that are read. */
export const extractionKeys: Readonly<Record<"range" | "keys", Within>> = {
  range: (expression) => `${expression} > $1::bigint and ${expression} <= $2::bigint`,
  keys: (expression) => `${expression} = any($1::bigint[])`,
};

/** The tables that the extraction of any of these entities reads, each once. */
export function tablesReadByAny(entities: readonly Entity[], shape: SourceShape): string[] {
  return [...new Set(entities.flatMap((entity) => tablesRead(entity, shape)))].sort();
}

/** The tables that the extraction of an entity reads: what the legacy role needs SELECT on. */
export function tablesRead(entity: Entity, shape: SourceShape): readonly string[] {
  const names = extractionSql(entity, shape, "range").matchAll(/\b(?:from|join) ([a-z_]+)/g);
  return [...new Set(Array.from(names, ([, name = ""]) => name))]
    .filter((name) => shape.has(name))
    .sort();
}
