/** Who wrote a row of the source last: PostgreSQL keeps the transaction with each row of a table. */
import type { Queryable } from "@nexus/shared/database";
import type { RawTable } from "./raw-tables.ts";

export interface Writers {
  /** SQL of the source: the transaction that wrote a row of that table last, as `txid_current()` counts; NULL where nobody can tell. */
  of(table: string): string;
}

/** Transactions of one epoch. */
const EPOCH = 2 ** 32;

/**
 * To be asked in the snapshot in which the rows are read. Views keep no transaction, foreign tables somebody else's, and who may read some columns
 * only may not read it. A row's own `xmin` lacks the epoch: it is the newest transaction that is not in the future.
 */
export async function writersOf(
  source: Queryable,
  tables: readonly Pick<RawTable, "table">[],
): Promise<Writers> {
  const found = await source.query<{ next: number; table: string | null }>(
    `select s.next, c.relname::text as "table" from (select txid_snapshot_xmax(txid_current_snapshot()) as next) s
     left join pg_catalog.pg_class c on c.relname = any($1::text[]) and pg_catalog.pg_table_is_visible(c.oid)
       and c.relkind in ('r', 'p', 'm') and pg_catalog.has_table_privilege(c.oid, 'select') and not exists (
         with recursive parts as (
           select c.oid union all select i.inhrelid from pg_catalog.pg_inherits i join parts p on i.inhparent = p.oid)
         select from parts join pg_catalog.pg_class f on f.oid = parts.oid where f.relkind = 'f')`,
    [tables.map(({ table }) => table)],
  );
  const next = found.rows[0]?.next ?? 0;
  const epoch = next - (next % EPOCH);
  const written = new Set(found.rows.map(({ table }) => table));
  const own = "xmin::text::bigint";
  return {
    of: (table) =>
      written.has(table)
        ? `${own} + case when ${own} < ${next - epoch} then ${epoch} else ${epoch - EPOCH} end`
        : "null::bigint",
  };
}
