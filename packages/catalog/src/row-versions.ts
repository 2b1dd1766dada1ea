/** Which versions of which rows of the source a row is read from: PostgreSQL writes each version with a number of its own (`xmin`). */
import type { Entity, VersionsOf } from "./entity.ts";
import { extractionKeys } from "./extraction.ts";
import { lines } from "./legacy-sql.ts";
import type { SourceShape } from "./source-shape.ts";
import { withTypes } from "./typed-source.ts";

/** SQL: the version of a joined row, as text; empty where there is none. */
export function versionOf(alias: string): string {
  return `coalesce(${alias}.id::text || ' ' || ${alias}.xmin::text, '')`;
}

/** SQL: whether there is a joined row, as text: that is all that is read of it. */
export function thereIs(alias: string): string {
  return `case when ${alias}.id is null then 'f' else 't' end`;
}

/** A part of what rows are read from: `key` says for which row, `read` what of it, each as text, `from` where, with its joins. */
export function versionsFrom(key: string, read: readonly string[], from: string): VersionsOf {
  return { key, text: read.join(" || ',' || "), from };
}

/** Rows whose keys, divided by this power of two and rounded down, are the same make a group. */
export const GROUP_BITS = 3;

/**
 * SQL: `place`, `rows` and `version`, a bigint, of the groups of rows in a range of keys: two parameters, (after, to]. Two versions of a group are equal
 * if nothing was written in between that its rows are read from, but once in 2^64 times. It costs a twentieth of the rows' fingerprints. Undefined where
 * an entity does not say what its rows are read from, or where columns are converted while they are read.
 *
 * Of single rows there would be eight times as much to send, keep and compare; where a hundredth of the rows changed, of groups of eight a twelfth did.
 */
export function rowVersionsSql(entity: Entity, shape: SourceShape): string | undefined {
  const parts = entity.source.versions?.(shape);
  if (parts === undefined) return undefined;
  const texts = parts.map(({ key, text, from }, n) => {
    const place = `${key}::bigint >> ${GROUP_BITS}`;
    return `select ${place} as place, ${n === 0 ? 1 : 0} as own, ${text} as text from ${from} where ${extractionKeys.range(key)}`;
  });
  const sql = lines(
    "select place, sum(own) as rows, (sum(high) << 32) # sum(low) as version",
    "from (select place, own, hashtext(text) as high, hashtext('2' || text) as low",
    `from (${texts.join("\nunion all ")} offset 0) texts) parts`,
    "group by place having sum(own) > 0",
  );
  return withTypes(sql, shape) === sql ? sql : undefined;
}
