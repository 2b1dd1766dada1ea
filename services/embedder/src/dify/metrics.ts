/** The metrics of filling Dify. How far it is filled is in the ledger: the API shows it. */
import type { Budget } from "@nexus/shared/ledger";
import { Counter, Histogram, type Registry } from "prom-client";
import type { Dify } from "./client.ts";
import { DifyFailure, type FailureKind } from "./failures.ts";

const CHANGES = ["created", "updated", "deleted"] as const;
const FAILURES: readonly FailureKind[] = [
  "throttled",
  "stop",
  "retry",
  "item",
  "gone",
  "busy",
  "taken",
  "closed",
];
const REASONS = ["rate_limit", "throttled", "unavailable", "stopped"] as const;

/** Everything is at 0, also where Dify is not filled. */
export function openDifyMetrics(register: Registry) {
  const requests = new Histogram({
    name: "nexus_dify_request_seconds",
    help: "Seconds of a request to Dify, by what came of it.",
    labelNames: ["outcome"],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20],
    registers: [register],
  });
  const documents = new Counter({
    name: "nexus_dify_documents_total",
    help: "Documents that Dify said it has created, updated or deleted.",
    labelNames: ["change"],
    registers: [register],
  });
  const waits = new Counter({
    name: "nexus_dify_waits_total",
    help: "Changes that were put off because the budget let none through, by why: our or Dify's rate limit, or as all consumers pause.",
    labelNames: ["reason"],
    registers: [register],
  });
  for (const outcome of ["answered", ...FAILURES]) requests.zero({ outcome });
  for (const change of CHANGES) documents.inc({ change }, 0);
  for (const reason of REASONS) waits.inc({ reason }, 0);
  return {
    /** The same client, its requests measured. */
    watchDify: (dify: Dify): Dify => watched(dify, requests, documents),
    /** The same budget, its refusals counted. */
    watchBudget: (budget: Budget): Budget => ({
      record: (reservation, outcome) => budget.record(reservation, outcome),
      reserve: async (tokens) => {
        const grant = await budget.reserve(tokens);
        if (grant.kind !== "granted")
          waits.inc({ reason: grant.kind === "wait" ? "rate_limit" : grant.reason });
        return grant;
      },
    }),
  };
}

function watched(dify: Dify, requests: Histogram<"outcome">, documents: Counter<"change">): Dify {
  const timed = async <T>(request: Promise<T>): Promise<T> => {
    const stop = requests.startTimer();
    try {
      const answer = await request;
      stop({ outcome: "answered" });
      return answer;
    } catch (error) {
      stop({ outcome: error instanceof DifyFailure ? error.kind : "retry" });
      throw error;
    }
  };
  const changed = async <T>(change: (typeof CHANGES)[number], request: Promise<T>): Promise<T> => {
    const answer = await timed(request);
    documents.inc({ change });
    return answer;
  };
  return {
    createDataset: (...given) => timed(dify.createDataset(...given)),
    findDataset: (...given) => timed(dify.findDataset(...given)),
    findDocuments: (...given) => timed(dify.findDocuments(...given)),
    createDocument: (...given) => changed("created", dify.createDocument(...given)),
    updateDocument: (...given) => changed("updated", dify.updateDocument(...given)),
    deleteDocument: (...given) => changed("deleted", dify.deleteDocument(...given)),
  };
}
