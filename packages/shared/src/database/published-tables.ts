/** Publications of the target (logical replication, change feeds): they refuse changes of rows that a table says nothing to know by. */
import type { Queryable } from "./pool.ts";

interface Unchangeable {
  readonly table: string;
  readonly publications: string;
  readonly several: boolean;
  /** It has what `replica identity default` is. */
  readonly keyed: boolean;
}

/**
 * Tables of ours that rows can be written to and not changed in: the server refuses each update and delete with 55000, whether somebody
 * is subscribed or not. `tables`: of schema public; the ledger's are looked at, too.
 */
export async function unchangeableTables(
  tx: Queryable,
  tables: readonly string[],
): Promise<string[]> {
  const { rows } = await tx.query<Unchangeable>(
    `select c.oid::regclass::text as "table", string_agg(quote_ident(p.pubname), ', ' order by p.pubname) as publications, count(*) > 1 as several,
            exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary and i.indisvalid) as keyed
       from pg_publication p
       join pg_publication_tables t on t.pubname = p.pubname
       join pg_namespace n on n.nspname = t.schemaname
       join pg_class c on c.relnamespace = n.oid and c.relname = t.tablename
      where (p.pubupdate or p.pubdelete) and c.relreplident <> 'f'
        and (n.nspname = 'migration' or n.nspname = 'public' and c.relname = any($1::text[]))
        and not exists (select from pg_index i
                         where i.indrelid = c.oid and i.indisvalid
                           and case c.relreplident when 'd' then i.indisprimary when 'i' then i.indisreplident else false end)
      group by c.oid order by 1`,
    [tables],
  );
  return rows.map(inWords);
}

function inWords({ table, publications, several, keyed }: Unchangeable): string {
  const publish = several
    ? `publications ${publications} publish`
    : `publication ${publications} publishes`;
  return (
    `${publish} changes of ${table}, which has no replica identity, so that each is refused (55000): ` +
    `run "alter table ${table} replica identity ${keyed ? "default" : "full"}"`
  );
}
