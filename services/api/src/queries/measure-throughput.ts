import type { Queryable } from "@nexus/shared/database";

/** How many rows were dealt with in each slice of a run's time. */
export interface Throughput {
  /** Null before its first batch was done. */
  readonly from: string | null;
  readonly sliceSeconds: number;
  readonly slices: number[];
}

const SLICES = 60;
const SHORTEST_SLICE_SECONDS = 1;

/** Looks at every finished batch of the run once: about one for a thousand rows. */
export async function measureThroughput(db: Queryable, runId: number): Promise<Throughput> {
  const found = await db.query<{
    from: string | null;
    width: number;
    slice: number | null;
    rows: number;
  }>(
    `with done as (
       select finished_at - coalesce(duration_ms, 0) * interval '1 ms' as began, finished_at, read
       from migration.batches where run_id = $1 and status = 'done' and finished_at is not null),
     span as (
       select min(began) as since,
         greatest($3, extract(epoch from coalesce(r.finished_at, now()) - min(began)) / $2)::float8 as width
       from migration.runs r left join done on true where r.id = $1 group by r.finished_at)
     select to_json(since) #>> '{}' as "from", width,
       least($2 - 1, floor(extract(epoch from finished_at - since) / width))::integer as slice, coalesce(sum(read), 0)::bigint as rows
     from span left join done on true group by 1, 2, 3 order by 3`,
    [runId, SLICES, SHORTEST_SLICE_SECONDS],
  );
  const [first] = found.rows;
  if (first === undefined || first.from === null)
    return { from: null, sliceSeconds: 0, slices: [] };
  const slices = Array<number>(1 + Math.max(...found.rows.map(({ slice }) => slice ?? 0))).fill(0);
  for (const { slice, rows } of found.rows) if (slice !== null) slices[slice] = rows;
  return { from: first.from, sliceSeconds: first.width, slices };
}
