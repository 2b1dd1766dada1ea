/** Backfill: offers content that no run has offered: what was loaded without embeddings or Dify, or failed there. */
import type { Entity } from "@nexus/catalog";
import type { Client, Pool } from "../database/pool.ts";
import { inTransaction, LONG_MS } from "../database/transaction.ts";
import { traceContext } from "../telemetry/tracing.ts";
import { type By, recordAudit } from "./audit.ts";

/** To whom it is offered. */
export type Reader = "embeddings" | "dify";

/**
 * `missing`: rows that were written since they were last dealt with, or never dealt with. `failed`: rows that could not be embedded;
 * their texts may be called for again. `all`: every row; what has its vectors, or is in Dify as it is, costs no call.
 */
export type BackfillScope = "missing" | "failed" | "all";

export type Backfilled =
  | { readonly kind: "backfilled"; readonly events: number; readonly items: number }
  | { readonly kind: "no_vectors" };

/** An event has at most so many ids. */
const EVENT = 1_000;

/** Two backfills wait for each other, so that the second finds the events of the first. */
const LOCK = 7_014_110_802;

/** Rows with an open event are left out, so a backfill that is repeated adds nothing. `no_vectors`: the target has no table for vectors. */
export async function backfill(
  target: Pool,
  entities: readonly Pick<Entity, "content" | "target">[],
  scope: BackfillScope,
  by: By,
  reader: Reader = "embeddings",
): Promise<Backfilled> {
  const story = async (tx: Client): Promise<Backfilled> => {
    await tx.query(`select pg_advisory_xact_lock(${LOCK})`);
    if (reader === "embeddings" && !(await hasVectors(tx))) return { kind: "no_vectors" };
    if (reader === "embeddings" && scope === "failed") await forgive(tx);
    let [events, items] = [0, 0];
    for (const { content, target } of entities) {
      if (content === null) continue;
      const offered = await offer(tx, content, target.table, OFFERS[reader], scope);
      events += offered.events;
      items += offered.items;
    }
    await recordAudit(tx, by, {
      action: "backfill",
      runId: null,
      details: { reader, scope, events, items },
    });
    return { kind: "backfilled", events, items };
  };
  return await inTransaction(target, story, { statementMs: LONG_MS });
}

/** Versions are compared with the row's xmin: a restored target has others and is offered whole, at no call for what is known. */
const OFFERS: Readonly<Record<Reader, Offer>> = {
  embeddings: {
    open: "done_at is null",
    // For the embedder an event is open until it is done.
    event: "null::timestamptz, false",
    dealtWith: `left join migration.embedding_items i on i.content_type = $1 and i.content_id = c.id
       left join migration.embedding_failures f on f.content_type = $1 and f.content_id = c.id`,
    conditions: {
      missing: "i.version is distinct from c.xmin and f.version is distinct from c.xmin",
      failed: "f.version is not null",
      all: "true",
    },
  },
  dify: {
    open: "dify_open",
    event: "now(), true",
    dealtWith: `left join migration.dify_documents d on d.content_type = $1 and d.content_id = c.id`,
    conditions: {
      missing: "d.due_at is null and d.version is distinct from c.xmin",
      failed: "d.code is not null",
      all: "true",
    },
  },
};

/** What differs in SQL: which events are open, how one begins, what has been dealt with. */
interface Offer {
  readonly open: string;
  readonly event: string;
  readonly dealtWith: string;
  readonly conditions: Readonly<Record<BackfillScope, string>>;
}

async function offer(
  tx: Client,
  contentType: string,
  table: string,
  { open, event, dealtWith, conditions }: Offer,
  scope: BackfillScope,
): Promise<{ events: number; items: number }> {
  const { rows } = await tx.query<{ events: number; items: number }>(
    `with
     -- What waits already.
     offered as materialized (
       select unnest(target_ids) as id from migration.content_events where ${open} and content_type = $1),
     -- What does not, and shall; so many to an event.
     wanted as (
       select c.id, (row_number() over (order by c.id) - 1) / ${EVENT} as nth
       from public.${table} c
       ${dealtWith}
       where ${conditions[scope]} and not exists (select from offered o where o.id = c.id)),
     -- The events of it.
     events as (
       insert into migration.content_events (content_type, target_ids, done_at, dify_open, trace_context)
       select $1, array_agg(id order by id), ${event}, $2 from wanted group by nth returning items)
     select count(*) as events, coalesce(sum(items), 0)::bigint as items from events`,
    [contentType, traceContext()],
  );
  return rows[0] ?? { events: 0, items: 0 };
}

async function hasVectors(tx: Client): Promise<boolean> {
  const { rowCount } = await tx.query(
    `select where to_regclass('migration.embedding_texts') is not null`,
  );
  return rowCount === 1;
}

/** Texts that were given up may be called for again. */
async function forgive(tx: Client): Promise<void> {
  await tx.query(
    `update migration.embedding_texts set error_code = null, attempts = 0, failed_at = null where error_code is not null`,
  );
}
