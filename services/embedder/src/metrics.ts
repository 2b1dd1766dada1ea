/** The embedder's metrics, all of them. What was paid for is in the ledger: the API shows it. */
import { EmbeddingFailure, type Provider } from "@nexus/shared/embedding";
import { CONTENT_QUEUE } from "@nexus/shared/queue";
import { openJobMetrics, openPoolMetrics, openRegistry, scrape } from "@nexus/shared/telemetry";
import { Counter, Histogram } from "prom-client";
import { openDifyMetrics } from "./dify/metrics.ts";
import type { TextState } from "./claim-texts.ts";

const OUTCOMES = ["embedded", "throttled", "stop", "item", "retry", "aborted"] as const;
const FOUND = ["claimed", "stored", "failed", "waiting"] as const;
const READERS = ["embeddings", "dify"] as const;

export type Metrics = ReturnType<typeof openMetrics>;

/** A registry of its own, with everything at 0. */
export function openMetrics() {
  const register = openRegistry();
  const calls = new Histogram<"outcome">({
    name: "nexus_embedding_call_seconds",
    help: "Seconds of a call to the provider, by what came of it.",
    labelNames: ["outcome"],
    buckets: [0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20],
    registers: [register],
  });
  const texts = new Counter({
    name: "nexus_embedding_texts_total",
    help: "Texts that were looked up, by how they were found: `stored` needed no call, `claimed` is called for.",
    labelNames: ["found"],
    registers: [register],
  });
  const lag = new Histogram({
    name: "nexus_content_lag_seconds",
    help: "Seconds from the commit of a batch to the end of its content event: all of it embedded, or taken in for Dify.",
    labelNames: ["reader"],
    buckets: [1, 5, 30, 120, 600, 3_600, 21_600, 86_400],
    registers: [register],
  });
  for (const reader of READERS) lag.zero({ reader });
  for (const outcome of OUTCOMES) calls.zero({ outcome });
  for (const found of FOUND) texts.inc({ found }, 0);
  return {
    scrape: () => scrape(register),
    dify: openDifyMetrics(register),
    /** Tells how long a content event has waited for one of its readers. */
    consumed: (reader: (typeof READERS)[number], seconds: number): void =>
      lag.observe({ reader }, seconds),
    watchPool: openPoolMetrics(register, ["target"]),
    timeJob: openJobMetrics(register, [CONTENT_QUEUE]),
    lookedUp: (states: Iterable<TextState>): void => {
      for (const { kind } of states) texts.inc({ found: kind });
    },
    /** The same provider, its calls measured. */
    timeCalls: (provider: Provider): Provider => timed(provider, calls),
  };
}

function timed(provider: Provider, calls: Histogram<"outcome">): Provider {
  return {
    model: provider.model,
    dimensions: provider.dimensions,
    usdPer1kTokens: provider.usdPer1kTokens,
    estimateTokens: (text) => provider.estimateTokens(text),
    close: () => provider.close(),
    embed: async (text, signal) => {
      const stop = calls.startTimer();
      try {
        const embedding = await provider.embed(text, signal);
        stop({ outcome: "embedded" });
        return embedding;
      } catch (error) {
        stop({ outcome: error instanceof EmbeddingFailure ? error.kind : "aborted" });
        throw error;
      }
    },
  };
}
