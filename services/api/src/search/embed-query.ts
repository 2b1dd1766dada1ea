/** The vector of a query. Its call is counted with the embedders' calls, by the same budget, and is let through before them. */
import type { ProblemCode } from "@nexus/contract";
import { EmbeddingFailure, type FailureKind } from "@nexus/shared/embedding";
import type { CallOutcome, PauseReason, Reservation } from "@nexus/shared/ledger";
import { pause } from "@nexus/shared/runtime";
import type { Search } from "./open-search.ts";
import { Problem } from "../answers/problem.ts";

type Embedding = Pick<Search, "provider" | "budget">;

/** Uses the vector of a query. Throws a Problem where there is none within `patienceMs`. */
export async function embedQuery<T>(
  { provider, budget }: Embedding,
  query: string,
  patienceMs: number,
  use: (vector: Float32Array) => Promise<T>,
): Promise<T> {
  const deadline = AbortSignal.timeout(patienceMs);
  const reservation = await reserve(budget, provider.estimateTokens(query), deadline);
  const { vector, tokens } = await provider.embed(query, deadline).catch(async (cause: unknown) => {
    if (!(cause instanceof EmbeddingFailure) && !deadline.aborted) throw cause;
    await budget.record(reservation, outcomeOf(cause));
    throw problemOf(cause instanceof EmbeddingFailure ? cause.kind : "retry", cause);
  });
  const [used] = await Promise.all([
    use(vector),
    budget.record(reservation, { kind: "used", tokens }),
  ]);
  return used;
}

async function reserve(
  budget: Embedding["budget"],
  tokens: number,
  deadline: AbortSignal,
): Promise<Reservation> {
  while (!deadline.aborted) {
    const grant = await budget.reserve(tokens);
    if (grant.kind === "granted") return grant.reservation;
    if (grant.kind === "paused") throw problemOf(PAUSED[grant.reason]);
    await pause(grant.ms, deadline);
  }
  throw problemOf("throttled");
}

/** What a paused pool says to a search. */
const PAUSED: { readonly [R in PauseReason]: FailureKind } = {
  throttled: "throttled",
  money_cap: "throttled",
  unavailable: "retry",
  stopped: "stop",
};

function outcomeOf(cause: unknown): CallOutcome {
  if (!(cause instanceof EmbeddingFailure)) return { kind: "failed" };
  const { kind, code, retryAfterMs } = cause;
  if (kind === "throttled") return { kind, retryAfterMs };
  if (kind === "stop") return { kind: "stopped", code };
  return { kind: kind === "item" ? "rejected" : "failed" };
}

function problemOf(kind: FailureKind, cause?: unknown): Problem {
  const facts = cause instanceof EmbeddingFailure ? { reason: cause.code } : {};
  return new Problem(...FAILURES[kind], facts, { cause });
}

const FAILURES: {
  readonly [K in FailureKind]: readonly [status: number, code: ProblemCode, detail: string];
} = {
  throttled: [503, "embedding_throttled", "the provider of embeddings takes no more calls for now"],
  retry: [503, "embedding_unavailable", "the provider of embeddings did not answer"],
  item: [422, "query_not_embeddable", "the query cannot be embedded: it is blank or too long"],
  stop: [
    503,
    "embedding_refused",
    "the provider of embeddings refuses every call: a person must look at its access",
  ],
};
