/** Reasons in words: why rows are not in the target, what can be done about it, and what a check looked at. */
import { batchCodeInWords } from "@nexus/contract";
import type { Shortfall } from "../queries/list-shortfalls.ts";

interface Words {
  readonly says: string;
  readonly advice: string;
}

const CORRECT = "correct these rows in the source, then requeue the rejected rows";
const WIDEN =
  "shorten the value in the source or widen the column of the target, then requeue the rejected rows";

/** Reasons of rejected rows that are always called the same. */
const REJECTED: Readonly<Record<string, Words>> = {
  unreadable: { says: "a value has a shape that the mapping does not know", advice: CORRECT },
  case_unresolved: {
    says: "no case can be told from the source, and none is invented",
    advice: CORRECT,
  },
  duplicate_membership: {
    says: "the same doctor is linked to the same practice more than once; the oldest link was moved",
    advice: "nothing: the membership itself is in the target",
  },
  value_too_long: { says: "a value is longer than its column in the target", advice: WIDEN },
  value_out_of_range: { says: "a value is beyond the range of its column", advice: CORRECT },
  value_malformed: { says: "a value has not the form that its column needs", advice: CORRECT },
  value_missing: { says: "a value that the target requires is missing", advice: CORRECT },
  required_missing: { says: "a value that the target requires is missing", advice: CORRECT },
  parent_missing: {
    says: "the row that it belongs to went from the target meanwhile",
    advice: "requeue the rejected rows",
  },
  duplicate_key: {
    says: "another row of the target has its unique value already",
    advice: "find out which of the two is right, correct the other, then requeue the rejected rows",
  },
  breaks_connection: {
    says: "the target's server lost the connection each time one of them was written, and was well without it",
    advice:
      "look into the server's log and at the triggers of the table, then requeue the rejected rows",
  },
  unreadable_57014: {
    says: "the source took longer than LEGACY_STATEMENT_MS for each of them, alone and twice",
    advice:
      "look at what the source computes for them, or raise LEGACY_STATEMENT_MS; then requeue the rejected rows",
  },
  unreadable_breaks_connection: {
    says: "the source's server lost the connection each time one of them was read, and was well without it",
    advice:
      "look into the source server's log, and at what lies between; then requeue the rejected rows",
  },
  row_too_large: {
    says: "they weigh more than a loader may hold of one row (LOADER_ROW_MIB)",
    advice: "raise LOADER_ROW_MIB and the loaders' memory, then requeue the rejected rows",
  },
  unreadable_text: { says: "their text means nothing in its encoding", advice: CORRECT },
  check_violated: { says: "a rule of the target's own forbids a value", advice: CORRECT },
};

const KINDS: Readonly<Record<Shortfall["kind"], (shortfall: Shortfall) => Words>> = {
  rejected: rejectedWords,
  parked: ({ missingEntity }) => ({
    says: `the rows wait for ${missingEntity ?? "a parent"}, which are in the source but not in the target`,
    advice: `move the missing ${missingEntity ?? "parents"} first: these rows follow by themselves in the same run, or with the next one`,
  }),
  left_out: ({ entity }) => ({
    says: "an operator left them out of this run",
    advice: `start a run with ${entity}, if they are wanted`,
  }),
  failed: ({ reason }) => ({
    says: `their batches failed for good: ${batchCodeInWords(reason)}`,
    advice: "remove the cause, then requeue what failed; the loaders' log has it under this code",
  }),
  cancelled: () => ({
    says: "the run was cancelled before they were read",
    advice: "start a new run",
  }),
  waiting: () => ({
    says: "they have not been read yet",
    advice: "nothing: they are read once what they depend on is settled",
  }),
};

/** Says a shortfall in words. Reasons are codes; one that is not known here is shown as it is. */
export function wordsFor(shortfall: Shortfall): Words {
  return KINDS[shortfall.kind](shortfall);
}

function rejectedWords({ reason, column }: Shortfall): Words {
  const known = REJECTED[reason];
  if (known !== undefined) return known;
  if (reason.endsWith("_dangling"))
    return {
      says: `the source links to a row that it does not have (${column ?? reason})`,
      advice: CORRECT,
    };
  if (reason.endsWith("_missing"))
    return { says: `the source has no ${column ?? "value"}`, advice: CORRECT };
  if (reason.startsWith("unreadable_"))
    return { says: "the source could not compute or read them", advice: CORRECT };
  return {
    says: "the target refused them",
    advice: "look up the code, correct the cause, then requeue the rejected rows",
  };
}

const CHECKS: Readonly<Record<string, string>> = {
  no_failed_batch: "batches that failed for good",
  rows_gone_from_source: "rows of the target whose key is gone from the source",
  unforeseen_losses: "rows that may be lost for reasons that nobody foresaw, and those that were",
  sum_closes: "rows read, and rows with an outcome",
  exceptions_on_record: "rejected and parked rows, and those on record",
  loaded_rows_found: "rows loaded, and rows found in the target (which may hold more)",
  constraints_enforced: "constraints of the target that are switched off",
  rows_sharing_an_email: "rows that share an e-mail address (a fact, no fault)",
  rows_lost:
    "rows that the source had when it was read, and that are neither in the target nor among the exceptions",
  rows_apart_from_their_case: "rows that another practice would see than sees their case",
};

/** What a check of the settle step compared. */
export function checkInWords(name: string): string {
  return CHECKS[name] ?? name;
}
