/** What is done when nothing is left to embed: strays are swept away, statistics renewed, the index built. */
import { entities } from "@nexus/catalog";
import { type Client, inTransaction, LONG_MS, type Pool } from "@nexus/shared/database";
import { failpoint } from "@nexus/shared/runtime";
import type { Log } from "@nexus/shared/telemetry";
import { dropForLargeDelta, ensureIndex, type IndexDeps } from "./vector-index.ts";

export interface DrainedDeps extends IndexDeps {
  readonly target: Pool;
  readonly log: Log;
}

/** The newest event after which everything was done, as far as this process knows. */
export interface DrainedMemory {
  upTo: number;
}

interface Outbox {
  readonly newest: number;
  /** Ids that are still to be embedded. */
  readonly open: number;
  /** A run is under way that will bring more. */
  readonly running: boolean;
}

/** One look. Strays are looked for once after each drain; an index that is missing or invalid is built at any time. */
export async function tendVectors(
  deps: DrainedDeps,
  memory: DrainedMemory,
  signal: AbortSignal,
): Promise<void> {
  const outbox = await outboxOf(deps.target);
  if (outbox.open > 0) return await dropForLargeDelta(deps, outbox.open);
  if (outbox.running) return;
  if (outbox.newest !== memory.upTo) {
    await sweep(deps.target);
    await deps.target.query(
      "analyze public.ai_embeddings, migration.embedding_items, migration.embedding_texts",
    );
    memory.upTo = outbox.newest;
  }
  failpoint("vectors.swept");
  await ensureIndex(deps, signal);
}

async function outboxOf(target: Pool): Promise<Outbox> {
  const { rows } = await target.query<Outbox>(
    `select coalesce(max(id), 0)::bigint as newest,
       coalesce(sum(items) filter (where done_at is null), 0)::bigint as open,
       exists (select from migration.runs where embeddings and status in ('planned', 'running', 'paused')) as running
     from migration.content_events`,
  );
  return rows[0] ?? { newest: 0, open: 0, running: true };
}

/** Two sweeps of one target exclude each other. */
const LOCK = 7_014_110_803;

/**
 * Vectors go with their content by a trigger; this is for what no trigger sees (a table that was truncated), and for texts that
 * no content has any more. A vector tells of its text: it must not outlive it. An hour, because a text may be about to be attached.
 */
async function sweep(target: Pool): Promise<void> {
  await inTransaction(target, sweepAlone, { statementMs: LONG_MS });
}

async function sweepAlone(tx: Client): Promise<void> {
  const { rows } = await tx.query<{ mine: boolean }>(
    `select pg_try_advisory_xact_lock(${LOCK}) as mine`,
  );
  if (rows[0]?.mine !== true) return;
  for (const { content, target } of entities)
    for (const table of content === null ? [] : OF_CONTENT)
      await tx.query(
        `delete from ${table} v where v.content_type = $1
             and not exists (select from public.${target.table} c where c.id = v.content_id)`,
        [content],
      );
  await tx.query(
    `delete from migration.embedding_texts t where t.embedded_at < now() - interval '1 hour'
         and not exists (select from public.ai_embeddings a
           where a.sha256_hash = t.sha256 and a.practice_id is not distinct from t.practice_id)`,
  );
}

const OF_CONTENT = [
  "public.ai_embeddings",
  "migration.embedding_items",
  "migration.embedding_failures",
];
