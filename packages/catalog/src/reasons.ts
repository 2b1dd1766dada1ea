/** Why rows are rejected: what the contract foresees of a row, and what says that we assumed something wrongly. */

/** `foreseen`: MAPPING.md says so of such a row. `assumption`: the mapping, this release or a rule of the target does not fit the source. */
export type ReasonKind = "foreseen" | "assumption";

/** Every reason that the product gives; `*` stands for a column. What is not here is an assumption: nobody has foreseen it. */
const REASONS: Readonly<Record<string, ReasonKind>> = {
  case_unresolved: "foreseen",
  duplicate_membership: "foreseen",
  no_account: "foreseen",
  practice_id_missing: "foreseen",
  profile_id_missing: "foreseen",
  legacy_id_missing: "foreseen",
  "*_dangling": "foreseen",
  unreadable: "assumption",
  value_too_long: "assumption",
  value_out_of_range: "assumption",
  value_malformed: "assumption",
  value_missing: "assumption",
  parent_missing: "assumption",
  duplicate_key: "assumption",
  check_violated: "assumption",
};

/** The kind of a rejected row's reason. */
export function reasonKind(reason: string): ReasonKind {
  return ofCode(REASONS, reason) ?? "assumption";
}

/** What a table says of a code, in which `*` stands for a column. */
export function ofCode<T>(table: Readonly<Record<string, T>>, code: string): T | undefined {
  return table[code] ?? table[code.replace(/^.*(?=_dangling$)/, "*")];
}

/** The foreseen reasons as patterns of SQL's LIKE, for counts in the ledger. */
export const FORESEEN_PATTERNS: readonly string[] = Object.keys(REASONS)
  .filter((reason) => REASONS[reason] === "foreseen")
  .map((reason) => reason.replaceAll("_", "\\_").replace("*", "%"));
