/** Documents: rows of `migration.dify_documents`. A claim is the right to change one content in Dify. */
import type { Content } from "@nexus/catalog";
import type { Pool } from "@nexus/shared/database";

/** What Dify holds of a content, as far as we know. All times are milliseconds ago. */
export interface Actual {
  readonly datasetId: string | null;
  readonly documentId: string | null;
  /** Of the text that was sent last; null: not known. */
  readonly sha256: string | null;
  /** Since when Dify has been indexing it; null: it is not. */
  readonly indexingMs: number | null;
  /** Since when a document may exist of which we do not know; null: there is none. */
  readonly unsureMs: number | null;
}

/** A content that this consumer alone may change in Dify, until `until` (by the clock of the database). */
export interface Claim {
  readonly contentType: string;
  readonly contentId: string;
  readonly until: string;
  readonly asked: number;
  readonly attempts: number;
  readonly failedAgoMs: number | null;
}

export interface Claimed {
  readonly claim: Claim;
  readonly actual: Actual;
}

/** The claim has run out, and somebody else has the content. */
export class ClaimLost extends Error {}

const ago = (column: string, name: string): string =>
  `ceil(extract(epoch from clock_timestamp() - ${column}) * 1000)::bigint as "${name}"`;

const dueWhere = (condition: string): string =>
  `select content_type, content_id from migration.dify_documents
   where due_at <= now() and ${condition} and (claimed_until is null or claimed_until <= now())
   order by due_at limit $1 for update skip locked`;

const CLAIM = `
  with indexing as materialized (${dueWhere("indexing_since is not null")}),
  others as materialized (${dueWhere("indexing_since is null")})
  update migration.dify_documents d set claimed_until = clock_timestamp() + $2 * interval '1 ms'
  from (select * from indexing union all select * from others) due
  where d.content_type = due.content_type and d.content_id = due.content_id
  returning d.content_type as "contentType", d.content_id::text as "contentId", claimed_until::text as until, asked, attempts,
    ${ago("failed_at", "failedAgoMs")}, dataset_id as "datasetId", document_id as "documentId", sha256,
    ${ago("indexing_since", "indexingMs")}, ${ago("unsure_since", "unsureMs")}`;

/** Claims what is due for `claimMs`: up to `limit` that Dify is indexing, so that their ends are seen, and up to `limit` others. */
export async function claimDue(target: Pool, limit: number, claimMs: number): Promise<Claimed[]> {
  const { rows } = await target.query<Claim & Actual>(CLAIM, [limit, claimMs]);
  return rows.map(({ datasetId, documentId, sha256, indexingMs, unsureMs, ...claim }) => ({
    claim,
    actual: { datasetId, documentId, sha256, indexingMs, unsureMs },
  }));
}

const MINE = `content_type = $1 and content_id = $2::uuid and claimed_until = $3::timestamptz`;

function keyOf({ contentType, contentId, until }: Claim): string[] {
  return [contentType, contentId, until];
}

/** Writes what Dify holds now, and renews the claim. Throws `ClaimLost`. */
export async function save(
  target: Pool,
  claim: Claim,
  actual: Actual,
  claimMs: number,
): Promise<Claimed> {
  const { rows } = await target.query<{ until: string }>(
    `update migration.dify_documents set claimed_until = clock_timestamp() + $4 * interval '1 ms',
       dataset_id = $5, document_id = $6, sha256 = $7,
       indexing_since = clock_timestamp() - $8 * interval '1 ms', unsure_since = clock_timestamp() - $9 * interval '1 ms'
     where ${MINE} returning claimed_until::text as until`,
    [
      ...keyOf(claim),
      claimMs,
      actual.datasetId,
      actual.documentId,
      actual.sha256,
      actual.indexingMs,
      actual.unsureMs,
    ],
  );
  const [saved] = rows;
  if (saved === undefined) throw new ClaimLost();
  return { claim: { ...claim, until: saved.until }, actual };
}

/** The content is due again in so many milliseconds, at once if it was asked for meanwhile. No attempt is counted. */
export async function snooze(target: Pool, claim: Claim, inMs: number): Promise<void> {
  await release(target, claim, inMs, 0);
}

/** The same after an attempt that counts. */
export async function retry(target: Pool, claim: Claim, inMs: number): Promise<void> {
  await release(target, claim, inMs, 1);
}

async function release(target: Pool, claim: Claim, inMs: number, spent: 0 | 1): Promise<void> {
  await target.query(
    `update migration.dify_documents set claimed_until = null,
       due_at = case when asked = $4 then now() + $5 * interval '1 ms' else now() end,
       attempts = case when asked = $4 then attempts + $6::integer else attempts end,
       failed_at = case when asked = $4 and $6::integer > 0 then now() else failed_at end
     where ${MINE}`,
    [...keyOf(claim), claim.asked, inMs, spent],
  );
}

/**
 * Nothing is left to do for the row as it was read (`version`; null: there was none), or it failed with `code`. The row is locked for
 * this statement, or somebody is writing it: then, or where it was offered or written meanwhile, it is due again. Whoever moves or
 * deletes it later finds our row, and offers it.
 */
export async function finish(
  target: Pool,
  { table }: Content,
  claim: Claim,
  { version, code }: { version: string | null; code: string | null },
): Promise<void> {
  if (version === null) return await forget(target, table, claim);
  await target.query(
    `with locked as materialized (
       select from public.${table} where id = $2::uuid and xmin = $4::text::xid for share skip locked)
     update migration.dify_documents set claimed_until = null, version = $4::text::xid, code = $5::text, settled_at = clock_timestamp(),
       attempts = case when $5::text is null then 0 else attempts end,
       due_at = case when asked = $6 and exists (select from locked) then null else now() + interval '250 ms' end
     where ${MINE}`,
    [...keyOf(claim), version, code, claim.asked],
  );
}

/** The row is gone, and Dify holds nothing of it. */
async function forget(target: Pool, table: string, claim: Claim): Promise<void> {
  const { rowCount } = await target.query(
    `delete from migration.dify_documents where ${MINE} and asked = $4
       and not exists (select from public.${table} where id = $2::uuid)`,
    [...keyOf(claim), claim.asked],
  );
  if (rowCount === 0) await snooze(target, claim, 0);
}
