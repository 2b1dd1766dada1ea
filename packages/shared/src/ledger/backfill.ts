/** Backfill: offers content to the embedder that no run has offered: what was loaded with embeddings off, or could not be embedded. */
import type { Entity } from "@nexus/catalog";
import type { Client, Pool } from "../database/pool.ts";
import { inTransaction } from "../database/transaction.ts";
import { type By, recordAudit } from "./audit.ts";

/**
 * `missing`: rows that were written since they were last dealt with, or never dealt with. `failed`: rows that could not be embedded;
 * their texts may be called for again. `all`: every row; what has its vectors costs no call.
 */
export type BackfillScope = "missing" | "failed" | "all";

export type Backfilled =
  | { readonly kind: "backfilled"; readonly events: number; readonly items: number }
  | { readonly kind: "no_vectors" };

/** Ids of one event. */
const EVENT = 1_000;

/** Two backfills wait for each other, so that the second finds the events of the first. */
const LOCK = 7_014_110_802;

/** Rows with an open event are left out, so a backfill that is repeated adds nothing. `no_vectors`: the target has no table for vectors. */
export async function backfill(
  target: Pool,
  entities: readonly Pick<Entity, "content" | "target">[],
  scope: BackfillScope,
  by: By,
): Promise<Backfilled> {
  return await inTransaction(target, async (tx) => {
    await tx.query(`select pg_advisory_xact_lock(${LOCK})`);
    const { rows } = await tx.query(`select where to_regclass('migration.embedding_texts') is not null`);
    if (rows.length === 0) return { kind: "no_vectors" };
    if (scope === "failed") await forgive(tx);
    let [events, items] = [0, 0];
    for (const { content, target } of entities) {
      if (content === null) continue;
      const offered = await offer(tx, content, target.table, scope);
      events += offered.events;
      items += offered.items;
    }
    await recordAudit(tx, by, { action: "backfill", runId: null, details: { scope, events, items } });
    return { kind: "backfilled", events, items };
  });
}

/** Versions are compared with the row's xmin: a restored target has others and is offered whole, at no call for what is known. */
const CONDITIONS: Readonly<Record<BackfillScope, string>> = {
  missing: "i.version is distinct from c.xmin and f.version is distinct from c.xmin",
  failed: "f.version is not null",
  all: "true",
};

async function offer(
  tx: Client,
  contentType: string,
  table: string,
  scope: BackfillScope,
): Promise<{ events: number; items: number }> {
  const { rows } = await tx.query<{ events: number; items: number }>(
    `with offered as materialized (
       select unnest(target_ids) as id from migration.content_events where done_at is null and content_type = $1),
     wanted as (
       select c.id, (row_number() over (order by c.id) - 1) / ${EVENT} as nth
       from public.${table} c
       left join migration.embedding_items i on i.content_type = $1 and i.content_id = c.id
       left join migration.embedding_failures f on f.content_type = $1 and f.content_id = c.id
       where ${CONDITIONS[scope]} and not exists (select from offered o where o.id = c.id)),
     events as (
       insert into migration.content_events (content_type, target_ids)
       select $1, array_agg(id order by id) from wanted group by nth returning items)
     select count(*) as events, coalesce(sum(items), 0)::bigint as items from events`,
    [contentType],
  );
  return rows[0] ?? { events: 0, items: 0 };
}

/** Texts that were given up may be called for again. */
async function forgive(tx: Client): Promise<void> {
  await tx.query(
    `update migration.embedding_texts set error_code = null, attempts = 0, failed_at = null where error_code is not null`,
  );
}
