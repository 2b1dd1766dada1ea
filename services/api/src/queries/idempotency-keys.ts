/** Requests that are done once: the first one claims its key, the answer is kept for 24 hours and repeated. */
import type { Queryable } from "@nexus/shared/database";
import { idempotencyKeys, query, read, sql } from "@nexus/shared/tables";

/** What is kept of a request. Both are hashes. */
export interface RequestMark {
  /** Of the caller and the key. */
  readonly key: Buffer;
  /** Of the route and the body. */
  readonly fingerprint: Buffer;
}

export interface StoredAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export type Claim =
  /** This request is the first: it must be done, and then `keepAnswer`ed or `releaseKey`d. */
  | { readonly kind: "claimed" }
  | { readonly kind: "in_flight" }
  /** The key came with another request. */
  | { readonly kind: "reused" }
  | { readonly kind: "answered"; readonly answer: StoredAnswer };

/** A process that died while it did a request leaves the key claimed: nothing takes this long. */
const ABANDONED = "interval '60 s'";

/** Claims a key, or says what became of the request that has it. Keys older than 24 hours are forgotten first. */
export async function claimKey(db: Queryable, { key, fingerprint }: RequestMark): Promise<Claim> {
  await db.query(
    `delete from migration.idempotency_keys where claimed_at < clock_timestamp() - interval '24 hours'`,
  );
  const claimed = await db.query(
    `insert into migration.idempotency_keys as k (key, fingerprint) values ($1, $2)
     on conflict (key) do update set claimed_at = clock_timestamp()
       where k.status is null and k.fingerprint = $2 and k.claimed_at < clock_timestamp() - ${ABANDONED}`,
    [key, fingerprint],
  );
  if (claimed.rowCount === 1) return { kind: "claimed" };
  return await standingOf(db, { key, fingerprint });
}

/** What became of the request that has the key. */
async function standingOf(db: Queryable, { key, fingerprint }: RequestMark): Promise<Claim> {
  const { status, content_type, body } = idempotencyKeys;
  const isSame = sql<boolean>`${idempotencyKeys.fingerprint} = ${fingerprint}`;
  const [row] = await read(
    db,
    query
      .select({ isSame, status, contentType: content_type, text: body })
      .from(idempotencyKeys)
      .where(sql`${idempotencyKeys.key} = ${key}`),
  );
  if (row?.isSame === false) return { kind: "reused" };
  if (row === undefined || row.status === null) return { kind: "in_flight" };
  const { contentType, text } = row;
  if (contentType === null || text === null) return { kind: "in_flight" };
  return { kind: "answered", answer: { status: row.status, contentType, body: text } };
}

/** Keeps the answer of the request that claimed the key. */
export async function keepAnswer(
  db: Queryable,
  { key }: RequestMark,
  { status, contentType, body }: StoredAnswer,
): Promise<void> {
  await db.query(
    `update migration.idempotency_keys set status = $2, content_type = $3, body = $4 where key = $1`,
    [key, status, contentType, body],
  );
}

/** Gives the key back: the request failed for no fault of its own, and may be made again. */
export async function releaseKey(db: Queryable, { key }: RequestMark): Promise<void> {
  await db.query(`delete from migration.idempotency_keys where key = $1 and status is null`, [key]);
}
