import { type Pool, readOnly } from "@nexus/shared/database";
import { embeddingProgress, type EmbeddingProgress, OTHER_BUDGETS } from "@nexus/shared/ledger";
import { and, notInArray, query, rateBudget, read, sql } from "@nexus/shared/tables";
import { CONTENT_QUEUE, type Transport } from "@nexus/shared/queue";
import { count } from "../words.ts";
import { type Finding, note, unchecked, well, wrong } from "./finding.ts";

const STATEMENT_MS = 15_000;

/** Whether content is embedded, and if not, what holds it up. */
export async function examineEmbeddings(
  target: Pool,
  queue: Transport | undefined,
): Promise<Finding[]> {
  const progress = await readOnly(target, embeddingProgress, { statementMs: STATEMENT_MS });
  if (progress.status === "unavailable")
    return [
      note(
        "embeddings",
        "no_vectors",
        "the target has no table for vectors: there are none, and no search",
        "install pgvector there, then nexus migrate",
      ),
    ];
  const { open } = progress.items;
  const found = [
    ...(progress.pausedBecause === null
      ? []
      : [await pausedFinding(target, progress.pausedBecause, open)]),
    ...(open > 0 && progress.pausedBecause === null ? await embedders(target, queue, open) : []),
    ...indexFindings(progress),
    ...failureNote(progress),
  ];
  if (found.length > 0) return found;
  return [
    well(
      "embeddings",
      open > 0 ? `${count(open)} items are being embedded` : "nothing waits to be embedded",
    ),
  ];
}

/** An embedder that listened once may be gone: that only the queue can tell. */
async function embedders(
  target: Pool,
  queue: Transport | undefined,
  open: number,
): Promise<Finding[]> {
  if (!(await anyBudget(target))) return [noEmbedder(open, "no embedder was ever there")];
  const workers = await queue?.workers(CONTENT_QUEUE);
  if (workers === 0) return [noEmbedder(open, "no embedder listens")];
  if (workers !== undefined) return [];
  const why =
    queue === undefined
      ? "the queue was not reached"
      : "this queue does not tell (one on PostgreSQL, or a Redis without CLIENT LIST)";
  const says = `whether an embedder listens, for which ${count(open)} items wait: ${why}`;
  return [unchecked("embeddings", says)];
}

/** Each embedder writes its budget down when it starts. */
async function anyBudget(target: Pool): Promise<boolean> {
  const ofModels = notInArray(rateBudget.model, [...OTHER_BUDGETS]);
  const found = await read(
    target,
    query.select({ model: rateBudget.model }).from(rateBudget).where(ofModels).limit(1),
  );
  return found.length > 0;
}

function noEmbedder(open: number, why: string): Finding {
  return wrong(
    "embeddings",
    "no_embedder",
    `${count(open)} items wait to be embedded, and ${why}`,
    "start an embedder with EMBEDDINGS=on: npm run start:embedder",
  );
}

interface Budget {
  readonly code: string | null;
  /** Seconds until the provider is asked again. */
  readonly probe: number | null;
  readonly spent: string;
  readonly cap: string | null;
}

const paused = {
  code: rateBudget.pause_code,
  probe: sql<
    number | null
  >`greatest(0, extract(epoch from ${rateBudget.probe_at} - now()))::integer`,
  spent: sql<string>`to_char(${rateBudget.run_microdollars} / 1e6, 'FM999999990.00')`,
  cap: sql<string | null>`to_char(${rateBudget.cap_microdollars} / 1e6, 'FM999999990.00')`,
};

async function pausedFinding(target: Pool, because: string, open: number): Promise<Finding> {
  const { model, pause_reason, run_microdollars, cap_microdollars, paused_at } = rateBudget;
  const isPaused = sql`(${pause_reason} is not null or ${run_microdollars} >= ${cap_microdollars})`;
  const [found] = await read(
    target,
    query
      .select(paused)
      .from(rateBudget)
      .where(and(notInArray(model, [...OTHER_BUDGETS]), isPaused))
      .orderBy(sql`${paused_at} desc nulls last`)
      .limit(1),
  );
  const budget = found ?? { code: null, probe: null, spent: "0", cap: null };
  return because === "money_cap" ? capReached(budget, open) : breakerOpen(because, budget, open);
}

function capReached({ spent, cap }: Budget, open: number): Finding {
  const says = `the money cap is reached: $${spent} of $${cap ?? "0"} are spent; ${count(open)} items wait`;
  const next =
    "raise EMBEDDING_CAP_USD and restart the embedders, or start a run with embeddings (nexus start): its bill begins at nothing; the load is not held up";
  return wrong("embeddings", "money_cap", says, next);
}

const PATIENCE = "wait; if it stays so, look at the account's quota and at the network";

/** By the reason of the pause: what the provider does, and what to do about it. */
const BREAKER: ReadonlyMap<string, readonly [does: string, next: string]> = new Map([
  ["throttled", ["throttles every call", PATIENCE]],
  ["unavailable", ["answers no call", PATIENCE]],
  [
    "stopped",
    ["refuses every call", "correct region, model access and credentials of the embedders"],
  ],
]);

function breakerOpen(because: string, { code, probe }: Budget, open: number): Finding {
  const [does, next] = BREAKER.get(because) ?? [because, PATIENCE];
  const says = `the breaker is open: the provider ${does}${code === null ? "" : ` (${code})`}; it is asked again in ${probe ?? 0} s; ${count(open)} items wait`;
  return wrong("embeddings", "breaker_open", says, next);
}

function indexFindings({ index }: EmbeddingProgress): Finding[] {
  if (index.state !== "invalid") return [];
  const says =
    "an HNSW index of public.ai_embeddings is invalid: its build was interrupted; searches compare vectors one by one instead";
  return [
    wrong(
      "embeddings",
      "index_invalid",
      says,
      "an embedder drops and builds it again when nothing is left to embed: start one, or see why its build fails (INDEX_MEMORY_MB, disk)",
    ),
  ];
}

function failureNote({ items: { failed } }: EmbeddingProgress): Finding[] {
  if (failed === 0) return [];
  return [
    note(
      "embeddings",
      "items_failed",
      `${count(failed)} items could not be embedded`,
      "nexus lineage <entity> <key> names the code; nexus backfill --scope failed tries them again",
    ),
  ];
}
