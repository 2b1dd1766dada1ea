/** Pages of content events: rows of `migration.content_events`, up to 50 ids at a time. */
import type { Pool, Queryable } from "@nexus/shared/database";
import { CONTENT_PAGE, type ContentJob } from "@nexus/shared/queue";

export interface Page extends ContentJob {
  readonly contentType: string;
  readonly ids: readonly string[];
  /** Readings that were begun, with this one, since one came to an end. */
  readonly begun: number;
  /** The item that was being read alone when the last reading stopped. */
  readonly item: string | null;
  /** How often it was begun to be read alone, and that reading stopped. */
  readonly itemBegun: number;
}

/** A page and what has ordered it: a batch or a backfill, if that was traced. */
export interface OfferedPage extends ContentJob {
  readonly trace: string | null;
}

/** The ids of a page, whose reading begins. Undefined when it is done already, or its event is gone. */
export async function beginPage(
  db: Queryable,
  { eventId, offset }: ContentJob,
): Promise<Page | undefined> {
  const { rows } = await db.query<
    Pick<Page, "contentType" | "begun" | "item" | "itemBegun"> & { id: string }
  >(
    `with page as (
       select e.content_type, e.target_ids[$2::integer + 1 : $2::integer + ${CONTENT_PAGE}] as ids
       from migration.content_events e where e.id = $1 and e.done_at is null and not $2::integer = any(e.pages_done)),
     reading as (
       insert into migration.page_readings as r (event_id, page_offset)
       select $1, $2 from page, (select set_config('synchronous_commit', 'off', true)) lazily
       on conflict (event_id, page_offset) do update set begun = r.begun + 1 returning begun, item, item_begun)
     select p.content_type as "contentType", unnest(p.ids)::text as id, r.begun, r.item::text as item, r.item_begun as "itemBegun" from page p, reading r`,
    [eventId, offset],
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  const { contentType, begun, item, itemBegun } = first;
  return { eventId, offset, contentType, ids: rows.map(({ id }) => id), begun, item, itemBegun };
}

/** The reading came to an end, well or not: nobody died of it. */
export async function endReading(db: Queryable, { eventId, offset }: ContentJob): Promise<void> {
  await db.query(`delete from migration.page_readings where event_id = $1 and page_offset = $2`, [
    eventId,
    offset,
  ]);
}

/** Which item is read alone now; null: none. */
export async function noteItem(
  db: Queryable,
  { eventId, offset }: ContentJob,
  item: string | null,
): Promise<void> {
  await db.query(
    `update migration.page_readings set item = $3,
       item_begun = case when $3::uuid is null then 0 when item = $3 then item_begun + 1 else 1 end
     where event_id = $1 and page_offset = $2`,
    [eventId, offset, item],
  );
}

/** Every id of the page is done. With its last page the event is done: then returns the seconds since it was written. */
export async function finishPage(
  db: Queryable,
  { eventId, offset }: ContentJob,
): Promise<number | null> {
  const { rows } = await db.query<{ seconds: number | null }>(
    `with ended as (delete from migration.page_readings where event_id = $1 and page_offset = $2)
     update migration.content_events set pages_done = pages_done || $2::integer,
       done_at = case when (cardinality(pages_done) + 1) * ${CONTENT_PAGE} >= items then now() end
     where id = $1 and not $2::integer = any(pages_done)
     returning extract(epoch from done_at - created_at)::float8 as seconds`,
    [eventId, offset],
  );
  return rows[0]?.seconds ?? null;
}

/** Marks the next events as relayed, as many as fit into `room` pages but at least one, and returns their pages: offered after the commit. */
export async function takeEvents(target: Pool, room: number): Promise<OfferedPage[]> {
  const { rows } = await target.query<OfferedPage>(
    `with
     -- The oldest that nobody else is taking.
     next as (
       select id, items from migration.content_events
       where done_at is null and relayed_at is null order by id limit 100 for update skip locked),
     -- As many as have room, the first one always.
     fitting as (
       select id from (select id, sum(items) over (order by id) - items as before from next) n where before < $1::integer * ${CONTENT_PAGE}),
     -- From now on they are this relay's.
     taken as (
       update migration.content_events e set relayed_at = now() from fitting f where e.id = f.id returning e.id, e.items, e.trace_context)
     select t.id as "eventId", o as "offset", t.trace_context as "trace" from taken t, generate_series(0, t.items - 1, ${CONTENT_PAGE}) as o
     order by 1, 2`,
    [room],
  );
  return rows;
}

/** Pages that were relayed at least `ageMs` ago and are not done. */
export async function openPages(db: Queryable, ageMs: number): Promise<number> {
  const { rows } = await db.query<{ pages: number }>(
    `select coalesce(sum(ceil(items / ${CONTENT_PAGE}.0) - cardinality(pages_done)), 0)::integer as pages
     from migration.content_events where done_at is null and relayed_at <= now() - $1 * interval '1 ms'`,
    [ageMs],
  );
  return rows[0]?.pages ?? 0;
}

/** All pages that were relayed and are not done, to offer them again when the queue has lost some. */
export async function relayedPages(db: Queryable): Promise<OfferedPage[]> {
  const { rows } = await db.query<OfferedPage>(
    `select e.id as "eventId", o as "offset", e.trace_context as "trace"
     from migration.content_events e, generate_series(0, e.items - 1, ${CONTENT_PAGE}) as o
     where e.done_at is null and e.relayed_at is not null and not o = any(e.pages_done) order by 1, 2`,
  );
  return rows;
}
