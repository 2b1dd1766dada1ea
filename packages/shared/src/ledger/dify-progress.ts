/** How far Dify is filled: for people and scrapes. */
import type { Queryable } from "../database/pool.ts";

/** The row of `migration.rate_budget` that all consumers share. */
export const DIFY_BUDGET = "dify";

export interface DifyProgress {
  /** `paused`: see `pausedBecause`. `filling`: something is to be done. `idle`: nothing is. */
  readonly status: "paused" | "filling" | "idle";
  /** `throttled`, `unavailable`, or the code of what a person must look at. */
  readonly pausedBecause: string | null;
  readonly datasets: number;
  /** Content rows; `offered`: in events that nobody has looked at yet. */
  readonly items: {
    readonly offered: number;
    readonly open: number;
    readonly indexing: number;
    readonly done: number;
    readonly empty: number;
    readonly failed: number;
  };
}

interface Row {
  readonly datasets: number;
  readonly offered: number;
  readonly open: number;
  readonly indexing: number;
  readonly done: number;
  readonly empty: number;
  readonly failed: number;
  readonly paused: string | null;
}

const PROGRESS = `
  select d.*,
    (select count(*) from migration.dify_datasets) as datasets,
    (select coalesce(sum(items), 0)::bigint from migration.content_events where dify_open) as offered,
    (select coalesce(pause_code, pause_reason) from migration.rate_budget
     where model = '${DIFY_BUDGET}' and pause_reason is not null) as paused
  from (
    select count(*) filter (where due_at is not null and indexing_since is null) as open,
      count(*) filter (where due_at is not null and indexing_since is not null) as indexing,
      count(*) filter (where due_at is null and code is null and document_id is not null) as done,
      count(*) filter (where due_at is null and code is null and document_id is null) as empty,
      count(*) filter (where due_at is null and code is not null) as failed
    from migration.dify_documents) d`;

/** Reads the ledger; its cost grows with the number of content rows. */
export async function difyProgress(db: Queryable): Promise<DifyProgress> {
  const { rows } = await db.query<Row>(PROGRESS);
  const [row] = rows;
  if (row === undefined) throw new Error("an aggregate without a row");
  const { datasets, paused, ...items } = row;
  const left = items.offered + items.open + items.indexing > 0;
  const status = left ? (paused === null ? "filling" : "paused") : "idle";
  return { status, pausedBecause: left ? paused : null, datasets, items };
}
