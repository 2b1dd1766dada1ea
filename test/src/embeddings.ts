/** What a target says of its embeddings. */
import { entities } from "@nexus/catalog";
import type { Pool } from "@nexus/shared/database";
import { embeddingProgress } from "@nexus/shared/ledger";
import { eventually } from "@nexus/shared/testing";

/** Waits until every content event is done. Milliseconds. */
export async function drained(target: Pool, within = 60_000): Promise<void> {
  await eventually(() => openEvents(target), { until: (open) => open === 0, within, every: 100 });
}

/** Content events that are not done. */
export async function openEvents(target: Pool): Promise<number> {
  return await count(target, `select count(*) from migration.content_events where done_at is null`);
}

/** Calls on the bill. */
export async function callCount(target: Pool): Promise<number> {
  return await count(
    target,
    `select coalesce(sum(calls), 0)::bigint as count from migration.embedding_usage`,
  );
}

/** Different texts within each practice, by what is attached. */
export async function distinctTexts(target: Pool): Promise<number> {
  return await count(
    target,
    `select count(*) from (select distinct practice_id, sha256_hash, model from public.ai_embeddings) texts`,
  );
}

/** Content rows whose vectors are not as the ledger says, or of which it says nothing. */
export async function unsettledContent(target: Pool): Promise<string[]> {
  const contents = entities.flatMap(({ content, target: { table } }) =>
    content === null ? [] : [{ content, table }],
  );
  const found = await Promise.all(
    contents.map(({ content, table }) =>
      target.query<{ line: string }>(
        `select concat_ws(' ', $1::text, c.id, i.chunks, v.vectors) as line from public.${table} c
         left join migration.embedding_items i on i.content_type = $1 and i.content_id = c.id
         left join lateral (select count(*) as vectors from public.ai_embeddings a
           where a.content_type = $1 and a.content_id = c.id and a.practice_id is not distinct from c.practice_id) v on true
         where i.chunks is distinct from v.vectors::integer`,
        [content],
      ),
    ),
  );
  return found.flatMap(({ rows }) => rows.map(({ line }) => line));
}

/** Content rows that could not be embedded. */
export async function failures(target: Pool): Promise<number> {
  return await count(target, `select count(*) from migration.embedding_failures`);
}

/** Content rows that were dealt with. */
export async function settledItems(target: Pool): Promise<number> {
  return await count(target, `select count(*) from migration.embedding_items`);
}

/** Tokens of the longest text that has its vector. */
export async function longestText(target: Pool): Promise<number> {
  return await count(target, `select max(tokens) as count from migration.embedding_texts`);
}

/** When each vector of a content row was written, by type, id and chunk of the row. */
export async function vectorTimes(target: Pool): Promise<Map<string, string>> {
  const { rows } = await target.query<{ id: string; time: string }>(
    `select concat_ws(' ', content_type, content_id, chunk_index) as id, updated_at::text as time from public.ai_embeddings`,
  );
  return new Map(rows.map(({ id, time }) => [id, time]));
}

/** The state of the vector index. */
export async function indexState(target: Pool): Promise<string> {
  return (await embeddingProgress(target)).index.state;
}

async function count(target: Pool, sql: string): Promise<number> {
  const { rows } = await target.query<{ count: number }>(sql);
  return rows[0]?.count ?? 0;
}
