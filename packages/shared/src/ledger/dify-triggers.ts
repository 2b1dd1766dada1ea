/** Content that moves to another practice, or goes, is offered to Dify by a trigger: no run says so of rows that it did not write. */
import type { Entity } from "@nexus/catalog";
import type { Queryable } from "../database/pool.ts";
import { functionChange, type StoredFunction } from "../database/stored-function.ts";

/** Offers content that Dify has or is to have. It offers nothing where Dify was never filled. It locks no row that a consumer works on. */
const offer: StoredFunction = {
  name: "offer_to_dify",
  returns: "trigger",
  language: "plpgsql",
  volatility: "volatile",
  body: `
begin
  if tg_op = 'TRUNCATE' then
    insert into migration.content_events (content_type, target_ids, done_at, dify_open)
    select tg_argv[0], array_agg(content_id), now(), true
      from migration.dify_documents where content_type = tg_argv[0] having count(*) > 0;
  else
    insert into migration.content_events (content_type, target_ids, done_at, dify_open)
    select tg_argv[0], array[content_id], now(), true
      from migration.dify_documents where content_type = tg_argv[0] and content_id = old.id;
  end if;
  return null;
end `,
};

const triggers = (table: string, contentType: string): string => `
create trigger dify_moved after update of practice_id on public.${table}
  for each row when (old.practice_id is distinct from new.practice_id)
  execute function migration.${offer.name}('${contentType}');
create trigger dify_deleted after delete on public.${table}
  for each row execute function migration.${offer.name}('${contentType}');
create trigger dify_truncated after truncate on public.${table}
  for each statement execute function migration.${offer.name}('${contentType}');`;

/** Creates what is missing, after the tables of the target. Says what it did. */
export async function offerToDify(tx: Queryable, entities: readonly Entity[]): Promise<string[]> {
  const change = await functionChange(tx, offer);
  if (change !== undefined) await tx.query(change.sql);
  const said = change === undefined ? [] : [change.says];
  for (const { content, target } of entities) {
    if (content === null || !(await lacksTriggers(tx, target.table))) continue;
    await tx.query(triggers(target.table, content));
    said.push(
      `created triggers dify_moved, dify_deleted and dify_truncated on public.${target.table}`,
    );
  }
  return said;
}

async function lacksTriggers(tx: Queryable, table: string): Promise<boolean> {
  const { rows } = await tx.query<{ lacks: boolean }>(
    `select not exists (select from pg_trigger where tgrelid = c.oid and tgname = 'dify_moved') as lacks
     from pg_class c where c.oid = to_regclass($1::text)`,
    [`public.${table}`],
  );
  return rows[0]?.lacks === true;
}
