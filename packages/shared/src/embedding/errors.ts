/**
 * What happens next:
 * - `throttled`: lower the rate and try again; no attempt of the item, which is not to blame
 * - `retry`: try again later; an attempt of the item
 * - `item`: this text can never be embedded (blank, too long)
 * - `stop`: no text can be embedded until a person acts (access, entitlement, quota of 0, unknown model): the pool stops
 */
export type FailureKind = "throttled" | "retry" | "item" | "stop";

/** The code of a text that the model refused as too long: it is embedded in smaller pieces. */
export const TOO_LONG = "TooManyTokens";

/**
 * A text was not embedded.
 * Has no `cause`: the SDK's errors carry the response, and with it what a server may quote of a text. `code` is what is known.
 */
export class EmbeddingFailure extends Error {
  readonly kind: FailureKind;
  /** The exception's name at the provider, a system error code, or one of our own words. Safe for logs, ledger and metrics. */
  readonly code: string;
  /** How long the provider asks us to stay away, in milliseconds. */
  readonly retryAfterMs: number | null;
  /** The model would take it in smaller pieces. */
  readonly tooLong: boolean;

  constructor(
    kind: FailureKind,
    code: string,
    retryAfterMs: number | null = null,
    tooLong = code === TOO_LONG,
  ) {
    super(`the text was not embedded (${kind}): ${code}`);
    this.name = "EmbeddingFailure";
    this.kind = kind;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.tooLong = tooLong;
  }
}
