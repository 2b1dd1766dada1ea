/** What a session on the target begins with before twins can run in it, and what it remembers from range to range. */
import { type Codes, type Entity, entities, type SourceShape } from "@nexus/catalog";
import type { Queryable } from "@nexus/shared/database";
import type { Keys } from "./ranges.ts";
import { twinWords } from "./twin-files.ts";

/** Makes the functions, the codes, the columns of the source, and an empty `known_<entity>` for each parent. */
export async function beginSession(
  target: Queryable,
  codes: Codes,
  shape: SourceShape,
): Promise<void> {
  await target.query("discard temp");
  await target.query(twinWords());
  await target.query(`
    create temp table codes (map text, code text, label text);
    create temp table source_columns (table_name text, column_name text, type text);
    ${parentsOf().map(knownSql).join("; ")}`);
  const rows = codeRows(codes);
  await target.query(
    "insert into codes select * from unnest($1::text[], $2::text[], $3::text[])",
    [0, 1, 2].map((field) => rows.map((row) => row[field])),
  );
  await target.query(
    "insert into source_columns select * from unnest($1::text[], $2::text[], $3::text[])",
    [
      shape.columns.map(({ table }) => table),
      shape.columns.map(({ column }) => column),
      shape.columns.map(({ type }) => type.toLowerCase()),
    ],
  );
}

/** Entities that others refer to. */
function parentsOf(): string[] {
  return [...new Set(entities.flatMap(({ parents }) => Object.keys(parents)))];
}

function knownSql(parent: string): string {
  return `create temp table known_${parent} (source_key bigint primary key, legacy_key bigint, practice bigint, role text, since bigint)`;
}

/** Each code with its label; the label of what is unknown has no code. */
function codeRows(codes: Codes): (string | null)[][] {
  return Object.entries(codes.maps).flatMap(([map, { known, default: fallback }]) => [
    [map, null, fallback],
    ...Array.from(known, ([code, label]) => [map, code, label]),
  ]);
}

/** Puts what is expected of the range, and whether it is expected to be loaded, into `known_<entity>`, in place of what was there. Does nothing for what is no parent. */
export async function keepKnown(target: Queryable, entity: Entity, keys: Keys): Promise<void> {
  if (!parentsOf().includes(entity.name)) return;
  const known = `known_${entity.name}`;
  const column = (name: string, type: string) =>
    name in entity.target.columns
      ? `case when outcome = 'loaded' then ${name} end`
      : `null::${type}`;
  if ("from" in keys)
    await target.query(`delete from ${known} where source_key between $1::bigint and $2::bigint`, [
      keys.from,
      keys.to,
    ]);
  else await target.query(`delete from ${known} where source_key = any($1::bigint[])`, [keys]);
  await target.query(
    `insert into ${known} select source_key, case when outcome = 'loaded' then legacy_key end,
       ${column("practice_id", "bigint")}, ${column("role", "text")}, since from expected`,
  );
}
