import type { Queryable } from "@nexus/shared/database";
import { DIFY_BUDGET } from "@nexus/shared/ledger";

/** At most this many documents are counted, so that a scrape costs the same at any size. */
const COUNTED = 10_000;

/** What is left to do in Dify. */
export interface DifyWork {
  /** Content in events that no consumer has taken in, */
  readonly offered: number;
  /** and since when the oldest of them waits, in seconds since 1970. */
  readonly oldest: number | null;
  /** Documents that wait for a change, and those that Dify is indexing: up to 10,000 each. */
  readonly open: number;
  readonly indexing: number;
  readonly paused: string | null;
}

const due = (condition: string): string =>
  `(select count(*) from (
      select from migration.dify_documents where due_at is not null and ${condition} order by due_at limit ${COUNTED}) due)`;

/** Looks at open events (one for each batch) and at indexes of what is due. */
export async function difyWork(db: Queryable): Promise<DifyWork | undefined> {
  const found = await db.query<DifyWork>(
    `select e.offered, e.oldest, ${due("indexing_since is null")} as open, ${due("indexing_since is not null")} as indexing,
       (select pause_reason from migration.rate_budget where model = $1) as paused
     from (select coalesce(sum(items), 0)::bigint as offered, extract(epoch from min(created_at))::float8 as oldest
           from migration.content_events where dify_open) e`,
    [DIFY_BUDGET],
  );
  return found.rows[0];
}
