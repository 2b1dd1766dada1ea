/** What is made of content rows, and verified by the hash of what they say now: vectors, and documents of Dify. */
import type { Content } from "@nexus/catalog";

/** A content row by its id and by the key of its source row. */
export interface ContentRow {
  readonly id: string;
  readonly sourceKey: number;
}

/** What differs of a row: `certain` differs even while the row is pending. */
export interface Kinds {
  readonly pendable: readonly string[];
  readonly certain: readonly string[];
}

/** One kind of what is made of content. SQL is of the target. */
export interface Made {
  /** What differences of it name as their column. */
  readonly column: "embedding" | "document";
  /** A query that returns a row if there is any of content type `$1`. */
  readonly any: string;
  /** A query of `made`: what there is of row `t`, of content type `$1`, as JSON for `kinds`. */
  readonly ofRow: string;
  /** `chunks`: of the text that the row has now; null: it cannot be put into words. `made`: as `ofRow` tells it. */
  kinds(content: Content, chunks: readonly string[] | null, made: string): Kinds;
  /**
   * A query of `id`: those of the rows `$2` (ids) and `$3` (source keys), of entity `$1` and content type `$4`, whose turn has not come: somebody has
   * offered them and nobody has taken them, or nobody has offered them.
   */
  pendingSql(content: Content): string;
  /** A query of `(legacy_id, column_name, kind)`: what there is of content type `$2` whose row is not there. Null: nothing can be. */
  readonly straysSql: ((content: Content) => string) | null;
}
