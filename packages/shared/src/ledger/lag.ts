/** How old what the target has certainly seen of the source is. */
import type { Queryable } from "../database/pool.ts";

/** Of one entity. */
export interface Lag {
  readonly entity: string;
  /** The newest run that has read or compared all of it. Null: none has. */
  readonly runId: number | null;
  /** Since that run was created: whatever was committed in the source before then is in the target, or an exception. Null: nothing is known. */
  readonly seconds: number | null;
}

/**
 * By the target's clock. Not by `started_at`: the source is looked at before a run begins, and what is written in between may be left to the
 * next one. A repair reads some keys only: it has compared none.
 */
export async function lagOf(db: Queryable, entities: readonly string[]): Promise<Lag[]> {
  const found = await db.query<Lag>(
    `select n.entity, r.id as "runId", extract(epoch from clock_timestamp() - r.created_at)::float8 as seconds
     from unnest($1::text[]) with ordinality as n (entity, position)
     left join lateral (
       select max(e.run_id) as id from migration.run_entities e
       where e.entity = n.entity and e.status = 'complete' and e.gone_compared_at is not null) newest on true
     left join migration.runs r on r.id = newest.id
     order by n.position`,
    [entities],
  );
  return found.rows;
}
