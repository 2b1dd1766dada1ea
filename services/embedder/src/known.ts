/** Finds the items whose vectors are there already: no call, no write. */
import type { Pool } from "@nexus/shared/database";
import type { Content } from "@nexus/catalog";
import type { Item } from "./chunk-content.ts";

interface Known {
  readonly id: string;
  readonly version: string | null;
  readonly chunks: number | null;
  /** One line for each vector, in order: hash, practice, model. */
  readonly vectors: string;
}

/** `same`: the vectors are right, only the version is new. `changed`: something is to be done. All others are done already. */
export interface Sorted {
  readonly same: readonly Item[];
  readonly changed: readonly Item[];
}

/** Parts items whose vectors are those of their text, in their practice, of this model, from all others. */
export async function withoutKnown(
  target: Pool,
  { contentType }: Content,
  model: string,
  items: readonly Item[],
): Promise<Sorted> {
  const { rows } = await target.query<Known>(
    `select i.content_id as id, i.version::text, i.chunks,
       coalesce((select string_agg(concat_ws(' ', a.sha256_hash, coalesce(a.practice_id::text, '-'), a.model), E'\\n' order by a.chunk_index)
         from public.ai_embeddings a where a.content_type = $1 and a.content_id = i.content_id), '') as vectors
     from migration.embedding_items i where i.content_type = $1 and i.content_id = any($2::uuid[])`,
    [contentType, items.map(({ id }) => id)],
  );
  const known = new Map(rows.map((row) => [row.id, row]));
  const changed = items.filter((item) => !isKnown(item, model, known.get(item.id)));
  const same = items.filter(
    (item) => !changed.includes(item) && known.get(item.id)?.version !== item.version,
  );
  return { same, changed };
}

function isKnown(item: Item, model: string, known: Known | undefined): boolean {
  if (known === undefined || item.failure !== null || known.chunks !== item.chunks.length)
    return false;
  const practice = item.practiceId ?? "-";
  return (
    known.vectors === item.chunks.map(({ sha256 }) => `${sha256} ${practice} ${model}`).join("\n")
  );
}

/** Notes the new version of rows whose text and vectors are as they were. A row that was written since keeps the older note. */
export async function noteVersions(
  target: Pool,
  { contentType }: Content,
  items: readonly Item[],
): Promise<void> {
  if (items.length === 0) return;
  await target.query(
    `update migration.embedding_items i set version = v.version
     from unnest($2::uuid[], $3::xid[]) as v (id, version)
     where i.content_type = $1 and i.content_id = v.id and i.version is distinct from v.version`,
    [contentType, items.map(({ id }) => id), items.map(({ version }) => version)],
  );
}
