/** Sets of keys as sums, that two servers compute of what they hold. */
import type { Queryable } from "../database/pool.ts";

export interface Fingerprint {
  readonly count: number;
  /** In digits. */
  readonly sum: string;
  readonly mixed: string;
  /** The greatest key. */
  readonly last: number | string | null;
}

/** Scatters a key over 31 bits, in integer arithmetic that is the same on every server since 9.5. Because of the seed, nobody can prepare two sets that look the same. */
function mixed(key: string, seed: string): string {
  const folded = `((${key} # (${key} >> 31) # ${seed}) & 2147483647)`;
  const once = `((${folded} * 1540483477) & 4294967295)`;
  return `((((${once} # (${once} >> 15)) * 1540483477) >> 13) & 2147483647)::integer`;
}

/** Of the keys `k` that a query returns, each once. */
export async function fingerprint(
  db: Queryable,
  keys: string,
  values: readonly unknown[],
  seed: number,
): Promise<Fingerprint> {
  const found = await db.query<Fingerprint>(
    `select count(*) as count, coalesce(sum(k), 0)::text as sum, coalesce(sum(${mixed("k", `${seed}::bigint`)}), 0)::text as mixed, max(k) as last
     from (${keys}) keys`,
    [...values],
  );
  const [sums] = found.rows;
  if (sums === undefined) throw new Error("an aggregate without a row");
  return sums;
}

/** Whether two sets are the same. Two different sets of equal count and sum look alike once in 2^31 times; all others never do. */
export function isSame(one: Fingerprint, other: Fingerprint): boolean {
  return one.count === other.count && one.sum === other.sum && one.mixed === other.mixed;
}

/** A condition on exceptions: those of a run, or, with null, the open ones of all runs. */
export function exceptedOf(runId: number | null): string {
  return runId === null ? "resolved_at is null" : `run_id = ${Math.trunc(runId)}`;
}
