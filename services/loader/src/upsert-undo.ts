/** What an upsert keeps of the rows that it writes, so that they can be taken back: in the statement that writes, without a round trip more. */
import { entities, type Entity } from "@nexus/catalog";

/** Whether what is written is kept. */
export type Undo = "kept" | "off";

/** Parts of the statement: a column of `due`, the rows to be written; and what follows `written`, the rows that were. */
export interface Keeping {
  readonly former: (entity: Entity) => string;
  /** `columns`: how many there are; the run and the batch are the next parameters but one. */
  readonly kept: (entity: Entity, columns: number) => string;
}

/**
 * One record for all rows of the statement. A row that appeared since the statement began has no former one here: it has been written by
 * another batch of the run, or by others.
 */
export const KEEPING: Readonly<Record<Undo, Keeping>> = {
  off: { former: () => "", kept: () => "" },
  kept: {
    former: ({ target: { table, key } }) =>
      `, case when old.id is not null then to_jsonb(old) end as former,
      case when old.id is not null then (select o.xmin::text::bigint from public.${table} o where o.${key} = i.${key} limit 1) end as former_xid`,
    kept: (entity, columns) => `,
    -- What was written, for a rollback: the rows that are new, and the changed ones as they were.
    changed as (
      select array_agg(w.id) as ids, array_agg(due.former) as former, array_agg(due.former_xid) as former_xids
      from written w join due on due.${entity.target.key} = w.key where w.kind = 'updated'),
    kept as (
      insert into migration.undo (run_id, entity, batch_id, xid, inserted, updated, former, former_xids, taken_along)
      select $${columns + 2}::integer, '${entity.name}', $${columns + 3}::bigint, (select xid::text::bigint from written limit 1),
        coalesce((select array_agg(id) from written where kind = 'inserted'), '{}'), coalesce(ids, '{}'), coalesce(former, '{}'), coalesce(former_xids, '{}'),
        ${takenAlong(entity)}
      from changed where exists (select from written))`,
  },
};

/**
 * SQL: as they are, the rows that a trigger takes along when a case of theirs moves to another practice (`followPractice`), and that it would not
 * bring back to where they were: their practice is not their case's.
 */
function takenAlong({ name }: Entity): string {
  const followers = entities.filter(({ followsCase }) => followsCase === true);
  if (name !== "cases" || followers.length === 0) return "null";
  const rows = followers.map(
    ({ name: follower, target: { table } }) => `'${follower}', (
          select jsonb_agg(to_jsonb(t)) from due join public.${table} t on t.case_id = (due.former ->> 'id')::uuid
          where (due.former ->> 'practice_id')::uuid is distinct from due.practice_id and t.practice_id is distinct from (due.former ->> 'practice_id')::uuid)`,
  );
  return `case when ids is not null then jsonb_build_object(${rows.join(", ")}) end`;
}
