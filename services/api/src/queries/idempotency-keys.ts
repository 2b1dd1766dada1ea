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
  | { readonly kind: "answered"; readonly answer: StoredAnswer }
  /** What was asked for was done, and nobody has kept the answer: its process died, or failed, after that. */
  | { readonly kind: "done"; readonly action: string; readonly runId: number | null };

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
       where k.status is null and k.action is null and k.fingerprint = $2 and k.claimed_at < clock_timestamp() - ${ABANDONED}`,
    [key, fingerprint],
  );
  if (claimed.rowCount === 1) return { kind: "claimed" };
  return await standingOf(db, { key, fingerprint });
}

/** What became of the request that has the key. */
async function standingOf(db: Queryable, mark: RequestMark): Promise<Claim> {
  const row = await findRequest(db, mark);
  if (row?.isSame === false) return { kind: "reused" };
  return row === undefined ? { kind: "in_flight" } : (answerIn(row) ?? whatWasDone(row));
}

type Request = NonNullable<Awaited<ReturnType<typeof findRequest>>>;

async function findRequest(db: Queryable, { key, fingerprint }: RequestMark) {
  const { status, content_type, body, action, run_id, claimed_at } = idempotencyKeys;
  const isSame = sql<boolean>`${idempotencyKeys.fingerprint} = ${fingerprint}`;
  const isAbandoned = sql<boolean>`${claimed_at} < clock_timestamp() - ${sql.raw(ABANDONED)}`;
  const said = { status, contentType: content_type, text: body, action, runId: run_id };
  const [row] = await read(
    db,
    query
      .select({ isSame, isAbandoned, ...said })
      .from(idempotencyKeys)
      .where(sql`${idempotencyKeys.key} = ${key}`),
  );
  return row;
}

function answerIn({ status, contentType, text }: Request): Claim | undefined {
  if (status === null || contentType === null || text === null) return undefined;
  return { kind: "answered", answer: { status, contentType, body: text } };
}

function whatWasDone({ action, runId, isAbandoned }: Request): Claim {
  return action !== null && isAbandoned ? { kind: "done", action, runId } : { kind: "in_flight" };
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

/** Gives the key back: the request failed for no fault of its own, and may be made again, unless it was done before it failed. */
export async function releaseKey(db: Queryable, { key }: RequestMark): Promise<void> {
  await db.query(
    `with undone as (
       delete from migration.idempotency_keys where key = $1 and status is null and action is null)
     update migration.idempotency_keys set claimed_at = claimed_at - ${ABANDONED}
     where key = $1 and status is null and action is not null`,
    [key],
  );
}
