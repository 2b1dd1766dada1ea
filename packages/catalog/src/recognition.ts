/** By what a row is known again that somebody else put into the target. */
import type { SourceShape } from "./source-shape.ts";
import { isEmail, trimmed, withoutLoneSurrogates } from "./text.ts";

/** How a row that somebody else put into the target is known again: docs/decisions/adoption.md. */
export interface Recognition<ColumnName extends string = string> {
  /**
   * Natural keys, each of one or more columns of the target; `metadata.legacy.uid` is a member of one. What the mapping makes of a source
   * row is compared with what the target holds, a reference by its parent's legacy id. A key whose first column is blank says nothing.
   */
  readonly keys?: readonly (readonly (ColumnName | `metadata.${string}`)[])[];
  /** Columns that two rows of one thing have in common, and that are no key: rows that differ in all of them are not matched. */
  readonly witnesses?: readonly ColumnName[];
  /** References that must lead to the parent of the source row, where the target's row has one. */
  readonly sameParents?: readonly ColumnName[];
  /** What of the extraction query these columns are mapped from, all else NULL: cheap to read for every row. The whole query, if left out. */
  query?(shape: SourceShape): string;
}

/** What the target holds in a column of text, as the mapping would have written it: equal things are equal then. */
export function asMapped(column: string, value: string | null): string | null {
  const text = value === null ? null : trimmed(withoutLoneSurrogates(value));
  if (text === null || column !== "email") return text;
  const email = text.toLowerCase();
  return isEmail(email) ? email : null;
}
