/** What of the ledger needs pgvector: the texts with their vectors, and the triggers that keep vectors with their content. */
import type { Entity } from "@nexus/catalog";
import type { Queryable } from "../database/pool.ts";
import type { VectorExtension } from "../database/vector-extension.ts";

/**
 * It has a row for each text that was embedded or is being embedded. Texts are unique within a practice, and never across: equal texts of
 * two practices are two texts, or one practice could tell that the other has it. A row holds the text's hash, not the text.
 */
const textsTable = (vectors: string): string => `
create table migration.embedding_texts (
  id bigint generated always as identity primary key,
  practice_id uuid references public.practices on delete cascade,
  sha256 text not null,
  model text not null,
  dimensions integer not null,
  embedding ${vectors}.vector(1024),
  tokens integer,
  -- Whoever inserts or renews the claim makes the call; everybody else waits until then.
  claimed_until timestamptz,
  attempts integer not null default 0,
  failed_at timestamptz,
  -- Never to be called again.
  error_code text,
  created_at timestamptz not null default now(),
  embedded_at timestamptz,
  constraint embedding_texts_key unique nulls not distinct (sha256, practice_id, model, dimensions)
);
create index on migration.embedding_texts (practice_id);`;

/**
 * Vectors go with their content, whoever moves or deletes it, with whatever rights, in the same transaction. So does the vector of a text
 * that no other content of the practice has. The text is locked before others are looked for: when two are deleted at the same time, the
 * second one sees that the first is gone.
 */
const FOLLOW = `
create or replace function migration.follow_content() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'UPDATE' then
    update public.ai_embeddings set practice_id = new.practice_id, updated_at = now()
     where content_type = tg_argv[0] and content_id = new.id;
  else
    perform from migration.embedding_texts t join public.ai_embeddings a
       on t.sha256 = a.sha256_hash and t.practice_id is not distinct from a.practice_id
     where a.content_type = tg_argv[0] and a.content_id = old.id and t.embedding is not null
     order by t.id for update of t;
    delete from migration.embedding_texts t using public.ai_embeddings a
     where a.content_type = tg_argv[0] and a.content_id = old.id and t.embedding is not null
       and t.sha256 = a.sha256_hash and t.practice_id is not distinct from a.practice_id
       and not exists (select from public.ai_embeddings o
         where o.sha256_hash = a.sha256_hash and o.practice_id is not distinct from a.practice_id
           and (o.content_type, o.content_id) <> (a.content_type, a.content_id));
    delete from public.ai_embeddings where content_type = tg_argv[0] and content_id = old.id;
    delete from migration.embedding_items where content_type = tg_argv[0] and content_id = old.id;
    delete from migration.embedding_failures where content_type = tg_argv[0] and content_id = old.id;
  end if;
  return null;
end $$;
revoke all on function migration.follow_content() from public;`;

const triggers = (table: string, contentType: string): string => `
create trigger content_moved after update of practice_id on public.${table}
  for each row when (old.practice_id is distinct from new.practice_id)
  execute function migration.follow_content('${contentType}');
create trigger content_deleted after delete on public.${table}
  for each row execute function migration.follow_content('${contentType}');`;

/** Creates what is missing, after the tables of the target. Says what it did. */
export async function followContent(
  tx: Queryable,
  entities: readonly Entity[],
  vectors: VectorExtension,
): Promise<string[]> {
  if (vectors.kind === "absent" || !(await exists(tx, `to_regclass('public.ai_embeddings')`)))
    return [];
  const said: string[] = [];
  if (!(await exists(tx, `to_regclass('migration.embedding_texts')`))) {
    await tx.query(textsTable(vectors.schema));
    said.push("created table migration.embedding_texts");
  }
  if (!(await followsTexts(tx))) await tx.query(FOLLOW);
  for (const { content, target } of entities) {
    if (content === null || (await hasTriggers(tx, target.table))) continue;
    await tx.query(triggers(target.table, content));
    said.push(`created triggers content_moved and content_deleted on public.${target.table}`);
  }
  return said;
}

async function exists(tx: Queryable, regobject: string): Promise<boolean> {
  const { rows } = await tx.query<{ found: boolean }>(`select ${regobject} is not null as found`);
  return rows[0]?.found === true;
}

/** An earlier release left the texts to a sweep. */
async function followsTexts(tx: Queryable): Promise<boolean> {
  return await exists(
    tx,
    `(select 1 from pg_proc where oid = to_regproc('migration.follow_content') and prosrc like '%embedding_texts%')`,
  );
}

async function hasTriggers(tx: Queryable, table: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    `select from pg_trigger where tgrelid = to_regclass($1::text) and tgname = 'content_moved'`,
    [`public.${table}`],
  );
  return rowCount === 1;
}
