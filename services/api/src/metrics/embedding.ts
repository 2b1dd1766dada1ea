/** Embedding: what was paid for, quota and cap, whether it is paused. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { EmbeddingWork } from "../queries/measure-work.ts";

export type EmbeddingFigures = EmbeddingWork;

const REASONS = ["throttled", "unavailable", "stopped", "money_cap"] as const;
const DOLLAR = 1_000_000;

const NOTHING: EmbeddingWork = {
  pages: 0,
  relayedPages: 0,
  oldest: null,
  indexPending: false,
  calls: 0,
  throttled: 0,
  failed: 0,
  tokens: 0,
  microdollars: 0,
  runMicrodollars: 0,
  capMicrodollars: null,
  requestsPerMinute: null,
  tokensPerMinute: null,
  share: null,
  paused: null,
};

type Show = (work: EmbeddingWork) => void;

/** Returns a function that renders the figures. Without figures all values are 0. */
export function openEmbeddingMetrics(
  register: Registry,
): (work: EmbeddingFigures | undefined) => void {
  const shows = [openBill(register), openBudget(register), openIndex(register)];
  return (work = NOTHING) => {
    for (const show of shows) show(work);
  };
}

function openIndex(register: Registry): Show {
  const pending = new Gauge({
    name: "nexus_vector_index_pending",
    help: "Whether there are vectors and no valid index on them.",
    registers: [register],
  });
  return ({ indexPending }) => pending.set(indexPending ? 1 : 0);
}

function openBill(register: Registry): Show {
  const counter = (name: string, help: string) =>
    new Counter({ name, help, registers: [register] });
  const calls = new Counter({
    name: "nexus_embedding_calls_total",
    help: "Calls to the provider over all time, by the ledger.",
    labelNames: ["result"],
    registers: [register],
  });
  const tokens = counter(
    "nexus_embedding_tokens_total",
    "Tokens that were paid for, over all time.",
  );
  const dollars = counter(
    "nexus_embedding_cost_dollars_total",
    "Dollars that were spent, over all time.",
  );
  return (work) => {
    for (const one of [calls, tokens, dollars]) one.reset();
    calls.inc({ result: "answered" }, work.calls);
    calls.inc({ result: "throttled" }, work.throttled);
    calls.inc({ result: "failed" }, work.failed);
    tokens.inc(work.tokens);
    dollars.inc(work.microdollars / DOLLAR);
  };
}

function openBudget(register: Registry): Show {
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]): Gauge<L> =>
    new Gauge({ name, help, labelNames, registers: [register] });
  const spent = gauge(
    "nexus_embedding_run_cost_dollars",
    "Dollars that were spent since somebody started a run with embeddings.",
  );
  const cap = gauge(
    "nexus_embedding_cap_dollars",
    "Dollars that may be spent until somebody starts the next run with embeddings; 0: not limited.",
  );
  const share = gauge(
    "nexus_embedding_quota_share",
    "The share of the quota that is used: lowered by throttling.",
  );
  const quota = gauge(
    "nexus_embedding_quota_per_minute",
    "The account's quota; 0: not limited.",
    "of",
  );
  const paused = gauge("nexus_embedding_paused", "Whether all embedders pause, and why.", "reason");
  return (work) => {
    spent.set(work.runMicrodollars / DOLLAR);
    cap.set((work.capMicrodollars ?? 0) / DOLLAR);
    share.set(work.share ?? 1);
    quota.set({ of: "requests" }, work.requestsPerMinute ?? 0);
    quota.set({ of: "tokens" }, work.tokensPerMinute ?? 0);
    for (const reason of REASONS) paused.set({ reason }, work.paused === reason ? 1 : 0);
  };
}
