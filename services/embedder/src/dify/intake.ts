/** Takes content events into `migration.dify_documents`: what was offered is due. */
import type { Pool } from "@nexus/shared/database";

/** Events of up to a thousand ids at a time: the rows are locked for as long as that takes. */
const EVENTS = 5;

/** Rows are written in one order, so that two consumers never wait crosswise. Returns how long each event had waited, in seconds. */
export async function takeIn(target: Pool): Promise<number[]> {
  const { rows } = await target.query<{ seconds: number }>(
    `with events as materialized (
       select id, content_type, target_ids from migration.content_events
       where dify_open order by id limit ${EVENTS} for update skip locked),
     noted as (
       insert into migration.dify_documents as d (content_type, content_id)
       select distinct content_type, unnest(target_ids) from events order by 1, 2
       on conflict (content_type, content_id) do update
         set asked = d.asked + 1, due_at = now(), attempts = 0, failed_at = null)
     update migration.content_events e set dify_open = false from events where e.id = events.id
     returning extract(epoch from clock_timestamp() - e.created_at)::float8 as seconds`,
  );
  return rows.map(({ seconds }) => seconds);
}
