/** What turns a text into a vector, whoever does it. One conformance suite holds every provider to this. */

/** The length of every vector of this project, and of the columns that keep them. */
export const DIMENSIONS = 1024;

/** One text's vector. */
export interface Embedding {
  /** `DIMENSIONS` finite numbers of Euclidean length 1: inner product and cosine rank alike. */
  readonly vector: Float32Array;
  /** Input tokens, as the provider counts and bills them. */
  readonly tokens: number;
}

export interface Provider {
  /** Identifies the vector space: vectors of different models must never be compared. */
  readonly model: string;
  readonly dimensions: typeof DIMENSIONS;
  /** The published price of a thousand input tokens, in dollars. */
  readonly usdPer1kTokens: number;
  /** What `text` will cost, in tokens: good enough to reserve a budget, settled with `Embedding.tokens` afterwards. */
  estimateTokens(text: string): number;
  /**
   * One call, never repeated here: when to try again is decided by the caller, which shares its budget with other processes.
   *
   * @throws EmbeddingFailure whose `kind` says what happens next, or `signal.reason` once `signal` is aborted
   */
  embed(text: string, signal: AbortSignal): Promise<Embedding>;
  /** Closes sockets. Calls that are under way fail. */
  close(): Promise<void>;
}
