/** The statements that write the rows of an entity, written from its columns. */
import type { Columns, Entity } from "@nexus/catalog";
import {
  differs,
  FOREIGN_TRIGGER,
  rulesOf,
  sentColumns,
  sentRows,
  type TargetTable,
} from "@nexus/shared/database";
import { type Keeping, KEEPING, type Undo } from "./upsert-undo.ts";

export interface UpsertSql {
  /**
   * Parameters: `sentValues` of `columns`; then, where undo is kept, the run and the batch. Returns an `UpsertRow` for each row that was
   * written or should have been.
   */
  readonly write: string;
  /** `sentValues` of `columns`, then the ids that were written: keeps those that differ from what was sent nevertheless. */
  readonly remember: string;
  readonly columns: Columns;
}

/**
 * `inserted`, `updated`: written. `lost`: sent, and not to be found in what was written. `watched`: others have put triggers on the table,
 * which may change what is written, or take it back.
 */
export interface UpsertRow {
  readonly id: string | null;
  readonly key: number | null;
  readonly kind: "inserted" | "updated" | "lost" | "watched";
}

const written = new Map<string, UpsertSql>();

/** Written once for each kind of table that an entity has met. */
export function upsertSql(entity: Entity, table: TargetTable, undo: Undo): UpsertSql {
  const { overrules, generated, texts } = table;
  const name = [entity.name, undo, overrules, ...generated, "text:", ...texts].join(" ");
  const known = written.get(name) ?? statements(entity, table, undo);
  written.set(name, known);
  return known;
}

/** Columns whose value is the source's, or else what the row already has, or else the time of first load. */
const INSTANTS: Readonly<Record<string, string>> = {
  created_at: "coalesce(i.created_at, old.created_at, now())",
  updated_at: "coalesce(i.updated_at, old.updated_at, i.created_at, now())",
};

function statements(entity: Entity, table: TargetTable, undo: Undo): UpsertSql {
  const columns = sentColumns(entity, table);
  return {
    write: write(entity, columns, table.overrules ? MEMORY : NO_MEMORY, KEEPING[undo]),
    remember: remember(entity, columns),
    columns,
  };
}

/**
 * The look-up of the old row is lateral with a limit, so that it stays an index look-up per row on tables that were never analysed.
 * Equal rows never reach the insert: no lock, no WAL; nor do rows that the target would make the same of as last time
 * (docs/decisions/what-the-target-overrules.md). `on conflict` is for a row that appeared since.
 */
function write(
  entity: Entity,
  declared: Columns,
  remembered: Remembered,
  { former, kept }: Keeping,
): string {
  const { table, key } = entity.target;
  const columns = Object.keys(declared);
  const due = columns.map((column) => `${INSTANTS[column] ?? `i.${column}`} as ${column}`);
  const sets = columns.map((column) => `${column} = excluded.${column}`);
  return `
    with
    -- The rows that are new, or differ from what is there.
    due as (
      select i.id, ${due.join(", ")}${former(entity)}
      from ${sentRows(declared)} i
      left join lateral (select * from public.${table} o where o.${key} = i.${key} limit 1) old on true
      where case when old.id is null then true when not (${differs(columns)}) then false
        else not ${remembered(entity, columns)} end
      order by i.${key}),
    -- What the table took of them.
    written as (
      insert into public.${table} as t (id, ${columns.join(", ")})
      select id, ${columns.join(", ")} from due
      on conflict (${key}) do update set ${sets.join(", ")}
      returning t.id, t.${key} as key, case when t.xmax = 0 then 'inserted' else 'updated' end as kind, t.xmin as xid)${kept(entity, columns.length)}
    -- Each row's fate; a row that something else kept from being written; and whether other triggers watch the table.
    select id, key, kind from written
    union all select null, due.${key}, 'lost' from due
      where (select count(*) from due) <> (select count(*) from written)
         or (select sum(${key}::bigint) from due) <> (select sum(key::bigint) from written)
    union all select null, null, 'watched' where exists (
      select from pg_trigger t where t.tgrelid = 'public.${table}'::regclass and ${FOREIGN_TRIGGER})`;
}

/** SQL that says whether the row that is there is what the target made of the same row before. */
type Remembered = (entity: Entity, columns: readonly string[]) => string;

/** Planning the look-up takes a millisecond (measured): left out for tables that store what they are sent. */
const NO_MEMORY: Remembered = () => "false";

const MEMORY: Remembered = ({ name, target: { table, key } }, columns) =>
  `coalesce((select (m.sent, m.stored, m.rules) = (${hash(columns, "i")}, ${hash(columns, "old")}, ${rulesOf(`'public.${table}'::regclass`)})
     from migration.overruled m where m.entity = '${name}' and m.legacy_id = i.${key} limit 1), false)`;

function remember({ name, target: { table, key } }: Entity, declared: Columns): string {
  const columns = Object.keys(declared);
  return `
    insert into migration.overruled as m (entity, legacy_id, sent, stored, rules)
    select '${name}', i.${key}, ${hash(columns, "i")}, ${hash(columns, "old")}, ${rulesOf(`'public.${table}'::regclass`)}
    from ${sentRows(declared)} i
    join lateral (select * from public.${table} o where o.${key} = i.${key} limit 1) old on true
    where old.id = any($${columns.length + 2}::uuid[]) and (${differs(columns)})
    on conflict (entity, legacy_id) do update set sent = excluded.sent, stored = excluded.stored, rules = excluded.rules`;
}

function hash(columns: readonly string[], alias: string): string {
  return `hash_record_extended(row(${columns.map((column) => `${alias}.${column}`).join(", ")}), 0)`;
}
