/** Documents of Dify, as far as the ledger knows: which there are, and which are yet to be made, by a consumer or by a backfill that nobody has asked for. */
import type { Content } from "@nexus/catalog";
import { textDigest } from "@nexus/shared/embedding";
import { READINGS } from "./ledger-sql.ts";
import type { Made } from "./made-of-content.ts";

/** A document whose dataset the ledger does not know is in nobody's practice. */
const OF_ROW = `select json_build_object('isThere', d.document_id is not null, 'hash', d.sha256, 'belongs', t.practice_id is not null,
    'isApart', s.dataset_id is null or s.practice_id is distinct from t.practice_id)::text as made
  from (select 1) one
  left join migration.dify_documents d on d.content_type = $1 and d.content_id = t.id
  left join migration.dify_datasets s on s.dataset_id = d.dataset_id`;

/** What the ledger says of a row's document. */
interface Document {
  readonly isThere: boolean;
  /** Of the text that was sent last; null: not known. */
  readonly hash: string | null;
  /** Whether its dataset is another practice's than the row. */
  readonly isApart: boolean;
}

/** `text`: which Dify is to have; empty: none; null: the row cannot be put into words. Pure. */
export function documentKinds(
  text: string | null,
  { isThere, hash, isApart }: Document,
): readonly string[] {
  if (text === "") return isThere ? ["extra_document"] : [];
  if (!isThere) return ["missing_document"];
  return [
    ...(text === null || textDigest(text) !== hash ? ["stale_document"] : []),
    ...(isApart ? ["wrong_practice"] : []),
  ];
}

/**
 * Pending is what a consumer has yet to do: an open event offers it, or it is due; a move to another practice, too. So is what was written since
 * a consumer dealt with it last, or has never been dealt with, and was read since then by a run without Dify, or by no run: nobody has offered it.
 */
const pendingSql = ({ table }: Content): string => `
  with expected as materialized (select * from unnest($2::uuid[], $3::bigint[]) as e (id, source_key)),
  offered as materialized (
    select o.id from migration.content_events e, unnest(e.target_ids) as o (id) where e.dify_open and e.content_type = $4),
  ${READINGS},
  read as (
    select r.source_key, max(r.finished_at) filter (where not u.dify) as unoffered_at
    from readings r join migration.runs u on u.id = r.run_id group by r.source_key)
  select e.id from expected e
  join public.${table} c on c.id = e.id
  left join migration.dify_documents d on d.content_type = $4 and d.content_id = e.id
  left join read r on r.source_key = e.source_key
  where e.id in (select id from offered) or d.due_at is not null
    or d.version is distinct from c.xmin
      and (r.source_key is null or r.unoffered_at >= coalesce(d.settled_at, '-infinity'))`;

/** The ledger does not know which source row a document was of: its column names the id of the row. */
const straysSql = ({ table }: Content): string => `
    select 0 as legacy_id, 'document of ' || d.content_id as column_name, 'extra_document' as kind
    from migration.dify_documents d
    where d.content_type = $2 and d.document_id is not null and d.due_at is null
      and not exists (select from public.${table} c where c.id = d.content_id)
      and not exists (select from migration.content_events e
        where e.dify_open and e.content_type = $2 and d.content_id = any(e.target_ids))`;

export const DOCUMENTS: Made = {
  column: "document",
  any: "select from migration.dify_documents where content_type = $1 limit 1",
  ofRow: OF_ROW,
  kinds: ({ sharedWithoutPractice }, chunks, made) => {
    const { belongs, ...document } = JSON.parse(made);
    const isWanted = belongs === true || sharedWithoutPractice;
    const text = isWanted ? (chunks?.join("\n\n") ?? null) : "";
    return { pendable: documentKinds(text, document), certain: [] };
  },
  pendingSql,
  straysSql,
};
