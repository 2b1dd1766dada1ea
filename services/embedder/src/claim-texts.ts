/** Texts: rows of `migration.embedding_texts`, one per practice, text and model. Claiming a text is the right to call for it. */
import type { Pool, Queryable } from "@nexus/shared/database";
import { DIMENSIONS } from "@nexus/shared/embedding";
import type { Chunk, Item } from "./chunk-content.ts";

/** A text that this worker shall call for, until `until` (by the clock of the database). */
export interface Claim {
  readonly kind: "claimed";
  readonly id: number;
  readonly text: string;
  readonly until: string;
  /** Failed attempts before this one, */
  readonly attempts: number;
  /** and milliseconds since the last of them. */
  readonly failedAgoMs: number | null;
}

/** How a text stands. `waiting`: somebody else calls for it, or it may not be called for now; look again in so many milliseconds. */
export type TextState =
  | Claim
  | { readonly kind: "stored"; readonly id: number }
  | { readonly kind: "failed"; readonly code: string }
  | { readonly kind: "waiting"; readonly ms: number };

interface Row {
  readonly nth: number;
  readonly id: number | null;
  readonly claimed: boolean;
  readonly stored: boolean | null;
  readonly code: string | null;
  readonly until: string | null;
  readonly busyMs: number | null;
  readonly attempts: number;
  readonly failedAgoMs: number | null;
}

/** What identifies the text of a chunk. */
export function keyOf({ practiceId }: Item, { sha256 }: Chunk): string {
  return `${sha256} ${practiceId ?? "-"}`;
}

/** Stored and failed texts are only looked at. All others are inserted or claimed anew, in one order, so that two workers never wait crosswise. */
const CLAIM = `
  with
  -- The texts that are asked for.
  wanted as materialized (
    select * from unnest($1::text[], $2::uuid[]) with ordinality as w (sha256, practice_id, nth)),
  -- Those that are known: stored, failed, or claimed by somebody until then.
  found as materialized (
    select w.nth, t.* from wanted w cross join lateral (
      select id, embedding is not null as stored, error_code, claimed_until, claimed_until > now() as busy
      from migration.embedding_texts t
      where t.sha256 = w.sha256 and t.practice_id is not distinct from w.practice_id and t.model = $3 and t.dimensions = ${DIMENSIONS}
      limit 1) t),
  -- The new ones, and those whose claim is over, are ours now.
  claimed as (
    insert into migration.embedding_texts as t (sha256, practice_id, model, dimensions, claimed_until)
    select sha256, practice_id, $3, ${DIMENSIONS}, now() + $4 * interval '1 ms'
    from wanted w left join found f using (nth)
    where f.id is null or not f.stored and f.error_code is null and f.busy is not true
    order by sha256, practice_id
    on conflict on constraint embedding_texts_key do update set claimed_until = excluded.claimed_until
      where t.embedding is null and t.error_code is null and (t.claimed_until > now()) is not true
    returning id, sha256, practice_id, claimed_until, attempts, failed_at)
  select w.nth, coalesce(c.id, f.id) as id, c.id is not null as claimed, f.stored, f.error_code as code, c.claimed_until as until,
    ceil(extract(epoch from f.claimed_until - now()) * 1000)::integer as "busyMs", coalesce(c.attempts, 0) as attempts,
    ceil(extract(epoch from clock_timestamp() - c.failed_at) * 1000)::bigint as "failedAgoMs"
  from wanted w left join found f using (nth)
  left join claimed c on c.sha256 = w.sha256 and c.practice_id is not distinct from w.practice_id`;

/** How soon to look again at a text that somebody else calls for: most calls take less. */
const LOOK_AGAIN_MS = 250;

/** Claims the texts of these items for `claimMs` where nobody has them. The result is by `keyOf`. */
export async function claimTexts(
  target: Pool,
  model: string,
  items: readonly Item[],
  claimMs: number,
): Promise<Map<string, TextState>> {
  const wanted = distinctTexts(items);
  if (wanted.length === 0) return new Map();
  const { rows } = await target.query<Row>(CLAIM, [
    wanted.map(({ sha256 }) => sha256),
    wanted.map(({ practiceId }) => practiceId),
    model,
    claimMs,
  ]);
  const byPlace = new Map(rows.map((row) => [row.nth, row]));
  return new Map(
    wanted.map(({ key, text }, index) => [key, stateOf(byPlace.get(index + 1), text)]),
  );
}

interface Wanted extends Chunk {
  readonly key: string;
  readonly practiceId: string | null;
}

function distinctTexts(items: readonly Item[]): Wanted[] {
  const wanted = new Map<string, Wanted>();
  for (const item of items)
    for (const chunk of item.chunks) {
      const key = keyOf(item, chunk);
      wanted.set(key, { ...chunk, key, practiceId: item.practiceId });
    }
  return [...wanted.values()];
}

function stateOf(row: Row | undefined, text: string): TextState {
  if (row === undefined || row.id === null) return { kind: "waiting", ms: LOOK_AGAIN_MS };
  const { id, claimed, stored, code, until, attempts, failedAgoMs } = row;
  if (claimed && until !== null) return { kind: "claimed", id, text, until, attempts, failedAgoMs };
  if (stored === true) return { kind: "stored", id };
  if (code !== null) return { kind: "failed", code };
  return { kind: "waiting", ms: Math.min(LOOK_AGAIN_MS, Math.max(1, row.busyMs ?? LOOK_AGAIN_MS)) };
}

/** Gives claims back that came to nothing, unless they have run out and somebody else has the text. */
export async function releaseTexts(db: Queryable, claims: readonly Claim[]): Promise<void> {
  if (claims.length === 0) return;
  await db.query(
    `update migration.embedding_texts t set claimed_until = null
     from unnest($1::bigint[], $2::timestamptz[]) as c (id, until)
     where t.id = c.id and t.claimed_until = c.until and t.embedding is null`,
    [claims.map(({ id }) => id), claims.map(({ until }) => until)],
  );
}

/** Renews claims for `claimMs` and returns until when each is valid. What somebody else has is left out, and what is being written. */
export async function renewTexts(
  db: Queryable,
  claims: readonly Claim[],
  claimMs: number,
): Promise<Map<number, string>> {
  const { rows } = await db.query<{ id: number; until: string }>(
    `with mine as materialized (
       select t.id from migration.embedding_texts t join unnest($1::bigint[], $2::timestamptz[]) as c (id, until) on c.id = t.id
       where t.claimed_until = c.until and t.embedding is null
       order by t.id for update of t skip locked)
     update migration.embedding_texts t set claimed_until = clock_timestamp() + $3 * interval '1 ms'
     from mine where t.id = mine.id returning t.id, t.claimed_until as until`,
    [claims.map(({ id }) => id), claims.map(({ until }) => until), claimMs],
  );
  return new Map(rows.map(({ id, until }) => [id, until]));
}

/** Counts a failed attempt; nobody tries again before `backoffMs`. */
export async function countFailedAttempt(
  db: Queryable,
  { id }: Claim,
  backoffMs: number,
): Promise<void> {
  await db.query(
    `update migration.embedding_texts
     set attempts = attempts + 1, failed_at = now(), claimed_until = now() + $2 * interval '1 ms'
     where id = $1 and embedding is null`,
    [id, backoffMs],
  );
}

/** The text is never called for again. `code` is of the provider or ours, never a value. */
export async function markTextFailed(db: Queryable, { id }: Claim, code: string): Promise<void> {
  await db.query(
    `update migration.embedding_texts
     set attempts = attempts + 1, failed_at = now(), claimed_until = null, error_code = $2
     where id = $1 and embedding is null`,
    [id, code],
  );
}
