/** Attaches vectors to content rows. The one statement that decides what a content row's vectors are. */
import type { Queryable } from "@nexus/shared/database";
import type { Content } from "@nexus/catalog";
import type { Item } from "./chunk-content.ts";

/** An item whose texts are all decided: their ids in the order of its chunks, or why it has no vectors. */
export type Decided = { readonly item: Item } & (
  | { readonly kind: "embedded"; readonly textIds: readonly number[] }
  | { readonly kind: "failed"; readonly code: string }
);

/**
 * Locks the rows that are as they were composed (same version; `for share`, so that nobody writes them before the vectors are
 * committed) and passes over those that somebody is writing: no embedder ever waits for a loader, and a loader waits for this one
 * statement at most. What is not locked is not attached; its vectors stay with their texts.
 */
const attachSql = ({ table, key }: Content): string => `
  with
  -- The items as this embedder knows them.
  decided as materialized (
    select * from unnest($2::uuid[], $3::xid[], $4::integer[], $5::text[]) as d (id, version, chunks, code)),
  -- Which text is which chunk of an item, with its vector where it has one.
  links as materialized (
    select l.*, t.* from unnest($6::uuid[], $7::integer[], $8::bigint[]) as l (content_id, chunk_index, text_id)
    left join lateral (
      select sha256, model, embedding from migration.embedding_texts where id = l.text_id and embedding is not null limit 1) t on true),
  -- The content rows that are as they were read, locked; none whose vectors are not all there.
  held as materialized (
    select d.*, c.* from decided d cross join lateral (
      select o.practice_id, o.${key} as legacy_id from public.${table} o
      where o.id = d.id and o.xmin = d.version limit 1 for share skip locked) c
    where not exists (select from links l where l.content_id = d.id and l.embedding is null)),
  -- Their vectors, written where they differ.
  attached as (
    insert into public.ai_embeddings as a
      (practice_id, content_type, content_id, chunk_index, embedding, sha256_hash, model, metadata)
    select h.practice_id, $1, h.id, l.chunk_index, l.embedding, l.sha256, l.model, jsonb_build_object('legacy_id', h.legacy_id)
    from held h join links l on l.content_id = h.id
    order by h.id, l.chunk_index
    on conflict (content_type, content_id, chunk_index) do update set practice_id = excluded.practice_id,
      embedding = excluded.embedding, sha256_hash = excluded.sha256_hash, model = excluded.model, updated_at = now()
    where (a.practice_id, a.sha256_hash, a.model) is distinct from (excluded.practice_id, excluded.sha256_hash, excluded.model)),
  -- Vectors of chunks that the text no longer has.
  shortened as (
    delete from public.ai_embeddings a using held h
    where a.content_type = $1 and a.content_id = any($2::uuid[]) and a.content_id = h.id and a.chunk_index >= h.chunks),
  -- What has vectors now.
  noted as (
    insert into migration.embedding_items (content_type, content_id, version, chunks)
    select $1, id, version, chunks from held where code is null order by id
    on conflict (content_type, content_id) do update
      set version = excluded.version, chunks = excluded.chunks, settled_at = now()),
  -- What has none for good; what had failed before and has vectors now; what had vectors before and has failed now.
  failed as (
    insert into migration.embedding_failures (content_type, content_id, version, code)
    select $1, id, version, code from held where code is not null order by id
    on conflict (content_type, content_id) do update
      set version = excluded.version, code = excluded.code, failed_at = now()),
  mended as (
    delete from migration.embedding_failures f using held h
    where f.content_type = $1 and f.content_id = any($2::uuid[]) and f.content_id = h.id and h.code is null),
  forgotten as (
    delete from migration.embedding_items i using held h
    where i.content_type = $1 and i.content_id = any($2::uuid[]) and i.content_id = h.id and h.code is not null)
  select id from held`;

/** Returns the ids of the items that are done now. The others have been written since they were read, or are being written. */
export async function attachVectors(
  db: Queryable,
  content: Content,
  decided: readonly Decided[],
): Promise<Set<string>> {
  if (decided.length === 0) return new Set();
  const links = decided.flatMap((one) =>
    one.kind === "embedded"
      ? one.textIds.map((textId, index) => ({ id: one.item.id, index, textId }))
      : [],
  );
  const { rows } = await db.query<{ id: string }>(attachSql(content), [
    content.contentType,
    decided.map(({ item }) => item.id),
    decided.map(({ item }) => item.version),
    decided.map((one) => (one.kind === "embedded" ? one.textIds.length : 0)),
    decided.map((one) => (one.kind === "failed" ? one.code : null)),
    links.map(({ id }) => id),
    links.map(({ index }) => index),
    links.map(({ textId }) => textId),
  ]);
  return new Set(rows.map(({ id }) => id));
}
