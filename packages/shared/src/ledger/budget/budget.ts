/** The budget of one model, shared by every process: what may be called now, and what the calls came to. */

/** A call that may be made now. Record it exactly once. A call that a crash leaves unrecorded is spent. */
export interface Reservation {
  /** As estimated; recording corrects the bucket by the real count. */
  readonly tokens: number;
  /** By the clock of the database. */
  readonly grantedAt: string;
}

/**
 * Why nobody may call: every call was throttled, or none was answered; the model may not be used (a person must look);
 * what may be spent is spent. All but `money_cap` end by themselves: one call is let through as a probe, and reopens the pool.
 */
export type PauseReason = "throttled" | "unavailable" | "stopped" | "money_cap";

/** The answer to a wish to call. All times are milliseconds from now. */
export type Grant =
  | { readonly kind: "granted"; readonly reservation: Reservation }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "paused"; readonly reason: PauseReason; readonly retryMs: number };

/**
 * What became of a call. Of an `EmbeddingFailure` by its kind: throttled → `throttled`, retry → `failed`, item → `rejected`, stop → `stopped`.
 * `rejected` is an answer, so it proves that the model is there; `failed` is none.
 */
export type CallOutcome =
  | { readonly kind: "used"; readonly tokens: number }
  | { readonly kind: "throttled"; readonly retryAfterMs: number | null }
  | { readonly kind: "failed" }
  | { readonly kind: "rejected" }
  | { readonly kind: "stopped"; readonly code: string };

/**
 * `steady`: waits for a whole permit, with everybody else. `prompt`: a person waits; goes ahead of the steady by owing one request and
 * 1.5 % of a minute's tokens at most, which the steady then wait for, and is not held by the cap of a run.
 */
export type Haste = "steady" | "prompt";

/** The budget as a worker sees it. Both calls are one short statement, shared with whoever asks at the same time in this process. */
export interface Budget {
  /** Asks for one call of about so many tokens. */
  reserve(tokens: number): Promise<Grant>;
  /** Says what became of it. Resolves when the ledger has it. */
  record(reservation: Reservation, outcome: CallOutcome): Promise<void>;
}

/** What the provider allows, and what we want to pay. */
export interface BudgetOptions {
  readonly model: string;
  /** At least 1; null: not limited. */
  readonly requestsPerMinute: number | null;
  /** At least 1; null: not limited. */
  readonly tokensPerMinute: number | null;
  /** 0.00002 for Titan Text Embeddings V2. */
  readonly usdPer1kTokens: number;
  /** What may be spent until somebody starts the next run with embeddings; null: no cap. Overshot by the calls that are under way, one per worker. */
  readonly capUsd: number | null;
  /** How many seconds pass in one second of the database: 1, but for tests. */
  readonly clockSpeed?: number;
}
