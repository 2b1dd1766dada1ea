/** The legacy database, as the steps of the loader read it. */
import type { Pool } from "@nexus/shared/database";

/** The key of a row; in digits beyond 2^53. */
export type Key = number | string;

/** How text is read. */
export interface SourceEncoding {
  /** What the bytes of the database are, where its own word is not true: a label of the Encoding standard. */
  readonly stored?: string | undefined;
  /** What becomes of bytes that mean nothing: the row is rejected, or U+FFFD stands for them, with a note. */
  readonly unreadable: "reject" | "repair";
}

/** Where it is, how long it may think about a statement of ours, how much a row may weigh, how text is read, and when all is given up. */
export interface Source {
  readonly legacy: Pool;
  readonly legacyStatementMs: number;
  readonly rowBytes: number;
  readonly encoding: SourceEncoding;
  readonly signal: AbortSignal;
  /** Whether rows are looked for that take too long: the batch did so before. */
  readonly seeksSlow?: boolean;
  /** Rows of the batch whose reading breaks the connection, as far as they were found; absent: none is looked for. */
  readonly breakers?: Set<Key> | undefined;
}
