/** Which content rows have vectors yet to be made: by an embedder, which has not come to them, or by a backfill that nobody has asked for. */
import type { Content, Entity } from "@nexus/catalog";
import type { Queryable } from "@nexus/shared/database";
import { CONTENT_PAGE } from "@nexus/shared/queue";
import { READINGS } from "./ledger-sql.ts";

/** A content row by its id and by the key of its source row. */
export interface ContentRow {
  readonly id: string;
  readonly sourceKey: number;
}

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

/** The ids of those of these rows that are pending. */
export async function pendingAmong(
  tx: Queryable,
  entity: Entity,
  content: Content,
  rows: readonly ContentRow[],
): Promise<ReadonlySet<string>> {
  if (rows.length === 0) return new Set();
  const found = await tx.query<{ id: string }>(pendingSql(content), [
    entity.name,
    rows.map(({ id }) => id),
    rows.map(({ sourceKey }) => sourceKey),
    content.contentType,
  ]);
  return new Set(found.rows.map(({ id }) => id));
}
