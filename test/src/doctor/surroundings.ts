/** Situations in which the queue, the API or a variable is wrong, and those of embeddings. */
import { freePort, needsVectors, startRedis, type TestContext } from "@nexus/shared/testing";
import type { Situation } from "./situation.ts";
import type { Ward } from "./ward.ts";

export const surroundings: readonly Situation[] = [
  {
    name: "the queue does not answer",
    prepare: async () => ({ QUEUE_URL: `redis://127.0.0.1:${await freePort()}` }),
    wrong: ["queue_unreachable"],
    says: /^QUEUE_URL: no Redis answers at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/,
    next: /^start it, or correct QUEUE_URL; nothing is lost/,
  },
  {
    name: "the queue is a replica since a failover",
    prepare: async (_, context) => ({
      QUEUE_URL: await brokenRedis(context, "replicaof", "127.0.0.1", "1"),
    }),
    wrong: ["queue_unfit"],
    says: /^QUEUE_URL: the Redis at 127\.0\.0\.1:\d+ is a replica, which takes no writes: point to the primary/,
    next: /^do what it says/,
  },
  {
    name: "the queue evicts",
    prepare: async (_, context) => ({
      QUEUE_URL: await brokenRedis(context, "maxmemory-policy", "allkeys-lru"),
    }),
    wrong: ["queue_evicts"],
    says: /evicts keys when its memory is full \(maxmemory-policy allkeys-lru\)/,
    next: /^config set maxmemory-policy noeviction/,
  },
  {
    name: "the API does not answer",
    prepare: async () => ({ NEXUS_API_URL: `http://127.0.0.1:${await freePort()}` }),
    wrong: ["api_unreachable"],
    says: /^no API answers at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)$/,
    next: /^start it \(npm run start:api\), or correct NEXUS_API_URL/,
  },
  {
    name: "a variable is misspelt",
    prepare: async () => ({ LEGACY_URL: "", LEGACY_ULR: "postgres://nobody@nowhere/db" }),
    wrong: ["variable_wrong"],
    says: /LEGACY_ULR is unknown: did you mean LEGACY_URL\?/,
    next: /^correct LEGACY_URL$/,
  },
];

/** The URL of a Redis of this test alone, started with these settings. */
async function brokenRedis(
  context: TestContext,
  name: string,
  ...values: readonly string[]
): Promise<string> {
  const redis = await startRedis({ args: [`--${name}`, ...values] });
  if (!redis.found) return context.skip(redis.reason);
  context.onTestFinished(() => redis.stop());
  return redis.url;
}

export const embeddings: readonly Situation[] = [
  {
    name: "content waits, and no embedder was ever there, whatever the queue can tell",
    prepare: async (ward, context) => {
      needsVectors(context);
      await openContent(ward);
      return { QUEUE_URL: "" };
    },
    wrong: ["no_embedder"],
    says: /^3 items wait to be embedded, and no embedder was ever there$/,
    next: /start an embedder/,
  },
  {
    name: "content waits, and no embedder runs any more",
    prepare: async (ward, context) => {
      needsVectors(context);
      await openContent(ward);
      await budget(ward, "run_microdollars = 0");
    },
    wrong: ["no_embedder"],
    says: /^3 items wait to be embedded, and no embedder listens$/,
    next: /start an embedder/,
  },
  {
    name: "the money cap is reached",
    prepare: async (ward, context) => {
      needsVectors(context);
      await openContent(ward);
      await budget(ward, "cap_microdollars = 2500000, run_microdollars = 2500001");
    },
    wrong: ["money_cap"],
    says: /^the money cap is reached: \$2\.50 of \$2\.50 are spent; 3 items wait$/,
    next: /^raise EMBEDDING_CAP_USD .*, or start a run with embeddings \(nexus start\)/,
  },
  {
    name: "the breaker is open",
    prepare: async (ward, context) => {
      needsVectors(context);
      await openContent(ward);
      await budget(
        ward,
        "paused_at = now(), pause_reason = 'stopped', pause_code = 'AccessDeniedException', probe_at = now() + interval '40 s', probe_delay = '40 s'",
      );
    },
    wrong: ["breaker_open"],
    says: /^the breaker is open: the provider refuses every call \(AccessDeniedException\); it is asked again in \d+ s; 3 items wait$/,
    next: /^correct region, model access and credentials/,
  },
  {
    name: "Dify refuses every call",
    prepare: async (ward) => {
      await openContent(ward);
      await budget(
        ward,
        "model = 'dify', paused_at = now(), pause_reason = 'stopped', pause_code = 'unauthorized', probe_at = now(), probe_delay = '40 s'",
      );
      await ward.target.query(
        "update migration.content_events set dify_open = true, done_at = now()",
      );
    },
    wrong: ["dify_paused"],
    says: /^filling Dify is paused \(unauthorized\); 3 items wait$/,
    next: /^look at DIFY_URL, DIFY_API_KEY/,
  },
  {
    name: "content is offered to Dify, and no embedder was ever told to fill it",
    prepare: async ({ target }) => {
      await target.query(
        "insert into migration.content_events (content_type, target_ids, done_at, dify_open) values ('case', array[gen_random_uuid()], now(), true)",
      );
    },
    wrong: ["no_dify_embedder"],
    says: /^1 items wait to be put into Dify, and no embedder with DIFY=on was ever there$/,
    next: /^start an embedder with DIFY=on/,
  },
  {
    name: "content is offered to Dify, and the embedder that filled it is gone",
    prepare: async (ward) => {
      await budget(ward, "model = 'dify'");
      await ward.target.query(
        "insert into migration.content_events (content_type, target_ids, done_at, dify_open) values ('case', array[gen_random_uuid()], now(), true)",
      );
    },
    wrong: ["no_dify_embedder"],
    says: /^1 items wait to be put into Dify, and no embedder is connected to the target$/,
    next: /^start an embedder with DIFY=on/,
  },
  {
    name: "the vector index is invalid",
    prepare: async ({ target }, context) => {
      needsVectors(context);
      await target.query(
        `create index ai_embeddings_hnsw_0 on public.ai_embeddings (id);
         update pg_index set indisvalid = false where indexrelid = 'public.ai_embeddings_hnsw_0'::regclass`,
      );
    },
    wrong: ["index_invalid"],
    says: /^an HNSW index of public\.ai_embeddings is invalid: its build was interrupted/,
    next: /^an embedder drops and builds it again/,
  },
];

async function openContent({ target }: Ward): Promise<void> {
  await target.query(
    `insert into migration.content_events (content_type, target_ids)
     values ('patients', array[gen_random_uuid(), gen_random_uuid(), gen_random_uuid()])`,
  );
}

async function budget({ target }: Ward, set: string): Promise<void> {
  await target.query(
    `insert into migration.rate_budget
       (model, request_rate, request_burst, token_rate, token_burst, requests, tokens, microdollars_per_million_tokens)
     values ('titan', 1, 1, 1, 1, 1, 1, 20000);
     update migration.rate_budget set ${set}`,
  );
}
