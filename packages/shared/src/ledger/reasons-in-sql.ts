/** The kinds of reasons (packages/catalog/src/reasons.ts), for counts in the ledger. */

/** SQL over `migration.exceptions`: the row was lost for a reason that nobody foresaw. `patterns`: the parameter with `FORESEEN_PATTERNS`. */
export function isUnforeseen(patterns: string): string {
  return `(outcome = 'rejected' and not reason like any(${patterns}::text[]))`;
}
