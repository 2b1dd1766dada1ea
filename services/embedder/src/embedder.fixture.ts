/** An embedder of one test: on a migrated target of its own, with a provider that the test decides about. Without a queue. */
import { contentOf, entities } from "@nexus/catalog";
import type { Pool } from "@nexus/shared/database";
import { type Embedding, openProvider } from "@nexus/shared/embedding";
import { openBudget } from "@nexus/shared/ledger";
import { openTurn } from "@nexus/shared/runtime";
import { openLog } from "@nexus/shared/telemetry";
import { eventually, freshTarget, needsVectors, type TestContext } from "@nexus/shared/testing";
import { randomUUID } from "node:crypto";
import type { Deps } from "./deps.ts";
import { embedPage } from "./embed.ts";
import { openHeldClaims } from "./held-claims.ts";
import { openSemaphore } from "./semaphore.ts";
import { relayedPages, takeEvents } from "./pages.ts";
import { preflightVectors } from "./preflight-vectors.ts";
import { openVectorStore } from "./store-vectors.ts";

export interface EmbedderUnderTest {
  readonly target: Pool;
  readonly deps: Deps;
  /** Texts that were called for, in order. */
  readonly calls: readonly string[];
  /** Runs before each call; what it throws is what the provider throws. */
  before: (text: string) => Promise<void> | void;
  /** A practice of this name. */
  practice(name: string): Promise<string>;
  /** A case with a title. */
  newCase(title: string, practiceId?: string | null): Promise<string>;
  /** Offers content in one event and works on it until it is done. */
  embed(contentType: string, ids: readonly string[]): Promise<void>;
  offer(contentType: string, ids: readonly string[]): Promise<void>;
  /** Works once on every page that is not done. Returns whether all are done then. */
  work(): Promise<boolean>;
  /** Hashes and practices of an item's vectors, in the order of its chunks. */
  vectorsOf(id: string): Promise<{ hash: string; practice: string | null }[]>;
}

/** Skips the test where this run has no PostgreSQL with pgvector. */
export async function embedderUnderTest(context: TestContext): Promise<EmbedderUnderTest> {
  const target = await freshTarget(context);
  needsVectors(context);
  const calls: string[] = [];
  const deps = await depsOn(target, async (text) => {
    calls.push(text);
    await made.before(text);
  });
  const made: EmbedderUnderTest = {
    target,
    deps,
    calls,
    before: () => undefined,
    practice: (name) =>
      insert(target, `insert into public.practices (id, name) values ($1, $2)`, [name]),
    newCase: (title, practiceId = null) =>
      insert(target, `insert into public.cases (id, title, practice_id) values ($1, $2, $3)`, [
        title,
        practiceId,
      ]),
    offer: (contentType, ids) => offer(target, contentType, ids),
    work: () => work(made),
    embed: async (contentType, ids) => {
      await offer(target, contentType, ids);
      await eventually(() => work(made), { within: 30_000 });
    },
    vectorsOf: (id) => vectorsOf(target, id),
  };
  return made;
}

/** `before` runs before each call, and what it throws is what the provider throws. */
async function depsOn(target: Pool, before: (text: string) => Promise<void>): Promise<Deps> {
  const local = await openProvider({ provider: "local", concurrency: 1, timeoutMs: 1_000 });
  const embed = async (text: string, signal: AbortSignal): Promise<Embedding> => {
    await before(text);
    return await local.embed(text, signal);
  };
  const log = openLog("test");
  log.level = "silent";
  const held = openHeldClaims(target, 5_000, log);
  const unlimited = {
    requestsPerMinute: null,
    tokensPerMinute: null,
    usdPer1kTokens: 0,
    capUsd: null,
  };
  return {
    target,
    log,
    contents: contentOf(entities),
    provider: { ...local, embed },
    budget: await openBudget(target, { model: local.model, ...unlimited }),
    store: openVectorStore(target, await preflightVectors(target)),
    semaphore: openSemaphore(4),
    held,
    claimMs: 5_000,
    callMs: 1_000,
    suspectTurn: openTurn(),
    health: { answeredAt: -Infinity, pausedUntil: -Infinity },
    lookedUp: () => {},
    consumed: () => {},
  };
}

type Vector = Awaited<ReturnType<EmbedderUnderTest["vectorsOf"]>>[number];

async function vectorsOf(target: Pool, id: string): Promise<Vector[]> {
  const { rows } = await target.query<Vector>(
    `select sha256_hash as hash, practice_id as practice from public.ai_embeddings where content_id = $1 order by chunk_index`,
    [id],
  );
  return rows;
}

async function insert(target: Pool, sql: string, values: readonly unknown[]): Promise<string> {
  const id = randomUUID();
  await target.query(sql, [id, ...values]);
  return id;
}

async function offer(target: Pool, contentType: string, ids: readonly string[]): Promise<void> {
  await target.query(
    `insert into migration.content_events (content_type, target_ids) values ($1, $2::uuid[])`,
    [contentType, ids],
  );
}

async function work({ target, deps }: EmbedderUnderTest): Promise<boolean> {
  await takeEvents(target, 1_000);
  for (const page of await relayedPages(target))
    await embedPage(deps, page, AbortSignal.timeout(30_000));
  return (await relayedPages(target)).length === 0;
}
