/** Vectors of content rows: which there are, and which are yet to be made, by an embedder that has not come to them, or by a backfill that nobody has asked for. */
import type { Content } from "@nexus/catalog";
import { CONTENT_PAGE } from "@nexus/shared/queue";
import { READINGS } from "./ledger-sql.ts";
import type { Made } from "./made-of-content.ts";
import { vectorKinds } from "./vector-kinds.ts";

const OF_ROW = `select json_build_object(
    'vectors', coalesce(json_agg(json_build_object('chunk', a.chunk_index, 'hash', a.sha256_hash)), '[]'),
    'isApart', coalesce(bool_or(a.practice_id is distinct from t.practice_id), false))::text as made
  from public.ai_embeddings a where a.content_type = $1 and a.content_id = t.id`;

/**
 * Pending is what an open event offers, in a page that is not done. So is what was written since its vectors were made, or has never had any, and
 * was read since then by a run without embeddings, or by no run: nobody has offered it. What somebody else wrote is not pending.
 */
const pendingSql = ({ table }: Content): string => `
  with expected as materialized (select * from unnest($2::uuid[], $3::bigint[]) as e (id, source_key)),
  offered as materialized (
    select o.id from migration.content_events e, unnest(e.target_ids) with ordinality as o (id, nth)
    where e.done_at is null and e.content_type = $4
      and ((o.nth - 1) / ${CONTENT_PAGE} * ${CONTENT_PAGE})::integer <> all(e.pages_done)),
  ${READINGS},
  read as (
    select r.source_key, max(r.finished_at) filter (where not u.embeddings) as unoffered_at
    from readings r join migration.runs u on u.id = r.run_id group by r.source_key)
  select e.id from expected e
  join public.${table} c on c.id = e.id
  left join migration.embedding_items i on i.content_type = $4 and i.content_id = e.id
  left join migration.embedding_failures f on f.content_type = $4 and f.content_id = e.id
  left join read r on r.source_key = e.source_key
  where e.id in (select id from offered)
    or i.version is distinct from c.xmin and f.version is distinct from c.xmin
      and (r.source_key is null or r.unoffered_at >= coalesce(greatest(i.settled_at, f.failed_at), '-infinity'))`;

/** Ids alone are read first: the index has them, and a vector fills its page. They know their row's legacy key; where they do not, the column names its id. */
const straysSql = ({ table }: Content): string => `
    select coalesce(k.key, 0) as legacy_id, case when k.key is null then 'embedding of ' || s.content_id else 'embedding' end as column_name,
      'extra_vector' as kind
    from (select distinct content_id from public.ai_embeddings a
      where content_type = $2 and not exists (select from public.${table} c where c.id = a.content_id)) s
    cross join lateral (
      select min(case when a.metadata->>'legacy_id' ~ '^-?[0-9]{1,15}$' then (a.metadata->>'legacy_id')::bigint end) as key
      from public.ai_embeddings a where a.content_type = $2 and a.content_id = s.content_id) k`;

export const VECTORS: Made = {
  column: "embedding",
  any: "select from public.ai_embeddings where content_type = $1 limit 1",
  ofRow: OF_ROW,
  kinds: (_, chunks, made) => {
    const { vectors, isApart } = JSON.parse(made);
    // A vector in a wrong practice is never pending: it goes with its row in one transaction.
    return {
      pendable: vectorKinds(chunks, vectors),
      certain: isApart === true ? ["wrong_practice"] : [],
    };
  },
  pendingSql,
  straysSql,
};

/** Of a target without a table for vectors. */
export const NO_VECTORS: Made = {
  ...VECTORS,
  any: "select where $1::text is null",
  ofRow: `select json_build_object('vectors', '[]'::json, 'isApart', $1::text is null)::text as made`,
  straysSql: null,
};
