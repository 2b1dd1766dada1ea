/** What the steps of a cut-over found, in the words of API and command line. */
import type { CutoverStepName } from "@nexus/shared/states";
import { proofCodeInWords } from "./batch-codes.ts";

type Facts = Readonly<Record<string, unknown>>;

/** What was found, and what is to be done about it. */
type Words = readonly [says: string, whatToDo: string | null];

const MET: Readonly<Record<CutoverStepName, (facts: Facts) => string>> = {
  alone: () => "no run, adoption, rollback or proof is under way",
  source: quiet,
  delta: (facts) => `run ${last(facts, "runs")} found nothing that had changed`,
  verification: (facts) =>
    `verification ${word(facts, "proof")} compared ${word(facts, "rows")} rows and found no difference${listed(facts, "unproved", "; it can say nothing of ", "")}`,
  embeddings: () => "all content has its vectors",
  exceptions: () => "nobody has to decide about any rejected or parked row",
  accounts: (facts) =>
    `${word(facts, "wanted")} of ${word(facts, "users")} users are to have an account, and ${word(facts, "done")} have one${facts.wanted === facts.done ? "" : "; somebody has let the others go"}`,
  backup: () => "each entity has a backup since which no run has changed it",
  hand_over: () => "the target is handed over: from now on runs are refused",
};

const CODES: Readonly<Record<string, (facts: Facts) => Words>> = {
  // Met, or to be done by the cut-over itself.
  accounts_off: () => ["accounts are off: no run has asked for any", null],
  accounts_to_do: () => [
    "accounts are decided about anew with the last delta, and made by loaders with ACCOUNTS=on",
    null,
  ],
  embeddings_off: () => ["embeddings are off, and none are left to be made", null],
  backup_elsewhere: () => ["no backup of ours is asked for: somebody else sees to it", null],
  delta_to_do: () => ["a cut-over runs the last delta itself", null],
  verification_to_do: () => [
    "a cut-over has the target verified itself, after the delta; a rehearsal looks for no rows that are gone from the source, and the verification stops at them: nexus verify finds them before",
    null,
  ],
  backup_to_do: () => ["the last delta takes a backup of each entity before it writes", null],
  hand_over_to_do: () => ["handed over once all steps are met", null],
  // Not met.
  run_active: (facts) => [
    `run ${word(facts, "runId")} is active`,
    "wait for it, or cancel it (nexus cancel)",
  ],
  target_unfit: () => [
    "the sessions of the target replicate (session_replication_role), which switches foreign keys off",
    "reset it for role and database",
  ],
  adoption_open: (facts) => [
    `adoption ${word(facts, "adoptionId")} is under way`,
    "wait for it, or cancel it (nexus adopt --cancel)",
  ],
  rollback_open: (facts) => [
    `rollback ${word(facts, "rollbackId")} is under way`,
    "wait for it (nexus status says more), or cancel it (nexus rollback <run> --cancel)",
  ],
  proof_open: (facts) => [
    `proof ${word(facts, "proofId")}, a forecast or a verification, is under way`,
    "wait for it, or cancel it (nexus verify --cancel, or nexus forecast --cancel)",
  ],
  cutover_open: (facts) => [
    `cut-over ${word(facts, "cutoverId")} is under way`,
    "wait for it, or cancel it (nexus cutover --cancel)",
  ],
  cut_over: (facts) => [
    `the target was handed over with cut-over ${word(facts, "cutoverId")} already`,
    "nothing, or withdraw that one first (nexus cutover --withdraw)",
  ],
  source_writes: (facts) => [
    `somebody writes in the source${listed(facts, "tables", " (", ")")}`,
    "stop the applications, jobs and people that write there, then ask again",
  ],
  source_open_transactions: (facts) => [
    `${word(facts, "writers")} transactions that have locked tables of the source for writing are not at their end, prepared ones among them`,
    "end them (pg_stat_activity and pg_prepared_xacts of the source name them), then ask again",
  ],
  source_sessions: (facts) => [
    `${word(facts, "sessions")} sessions of others are connected to the source; before PostgreSQL 15 a session may keep back what it wrote, and tables that cannot be compared with what they were tell nothing else (${word(facts, "tables")})`,
    `end them (pg_stat_activity of the source names them)${facts.fingerprints === true ? "" : ", or let extractors keep fingerprints (FINGERPRINTS=on; the source has to compute MD5)"}, then ask again`,
  ],
  source_restarted: () => [
    "the source's server was started anew since the first look, and its tables cannot be compared with what they were",
    "see that nobody writes there, then ask again",
  ],
  source_unseen: (facts) => [
    `the tables of the source could not be looked at (${word(facts, "failure")}), to compare them with what they were when the last delta began`,
    "see what keeps them from being read (the logs of extractor and source say more), then ask again",
  ],
  delta_unseen: (facts) => [
    `when run ${word(facts, "runId")}, the last delta, began, tables of the source could not be looked at: they cannot be compared with what they were (${word(facts, "tables")})`,
    "see what kept them from being read (the logs of extractor and source say more), then ask again",
  ],
  source_counters_reset: (facts) => [
    `the source's counters were set back since the first look, and tables that cannot be compared with what they were tell nothing else (${word(facts, "tables")})`,
    "leave the counters as they are (pg_stat_reset), then ask again",
  ],
  source_standby: () => [
    "the source that is read is a standby: neither who writes in its primary nor whether it has everything can be seen from here",
    "let extractors read the primary (LEGACY_URL), or, if nobody writes in the primary and the standby has caught up, say so: --source-frozen",
  ],
  delta_not_empty: (facts) => [
    `run ${last(facts, "runs")}, the last delta, still found ${last(facts, "changed")} rows to change: the source, or something beside us in the target, was written meanwhile`,
    "find out who writes, then ask again; what the deltas have moved stays",
  ],
  delta_blocked: (facts) => [
    `run ${last(facts, "runs")}, the last delta, is blocked in ${word(facts, "entities")}`,
    "nexus doctor says why; mend it and requeue, waive it, or cancel the run; then ask again",
  ],
  delta_not_completed: (facts) => [
    `run ${last(facts, "runs")}, the last delta, has ended as ${word(facts, "runStatus")}`,
    "nexus doctor says why; then ask again",
  ],
  strangers: () => [
    "the target holds rows without a legacy key, which the last delta would load a second time if they are of the source",
    "find out which are the source's and adopt them (nexus adopt --plan), or say why they may stay (nexus start --leave-strangers)",
  ],
  verification_differs: (facts) => [
    `verification ${word(facts, "proof")} found ${word(facts, "differences")} differences between the source and the target: ${word(facts, "kinds")}`,
    "list them (nexus verify --list) and mend them by a run or a requeue; rows that are gone from the source (nexus gone) have to go from the target, too; then ask again",
  ],
  verification_moved: (facts) => [
    `verification ${word(facts, "proof")} met ${word(facts, "changedSince")} rows that the source has changed since the last delta began`,
    "find out who writes in the source, then ask again",
  ],
  verification_failed: (facts) => [
    `verification ${word(facts, "proof")} failed (${word(facts, "proofCode")})`,
    `${proofCodeInWords(word(facts, "proofCode"))}; then ask again`,
  ],
  embeddings_open: (facts) => [
    `${word(facts, "open")} content rows have vectors yet to be made`,
    "wait until embedders have made them (nexus status), then ask again; or start a run with --skip-ai-embeddings, where they are not wanted",
  ],
  dify_open: (facts) => [
    `${word(facts, "open")} documents are yet to be sent to Dify`,
    "wait until they are (nexus status), then ask again; nexus doctor says whether an embedder with DIFY=on is there to send them",
  ],
  exceptions_open: (facts) => [
    `nobody has decided about rows that are not in the target: ${word(facts, "rows")}`,
    "mend them in the source and requeue them (nexus exceptions lists them), or say why they need not be there: --accept-exceptions <why>",
  ],
  entities_unfinished: (facts) => [
    `batches failed and were not dealt with: ${word(facts, "entities")}`,
    "try them again: nexus requeue <entity>",
  ],
  no_backup: (facts) => [
    `there is no backup since which nothing was written: ${word(facts, "entities")}`,
    "let extractors take backups (BACKUP=pg_dump), or take one yourself and say so: --without-backup",
  ],
  accounts_refused: (facts) => [
    `nobody has decided about accounts that Supabase Auth refused: ${word(facts, "reasons")}`,
    "see whose they are (nexus accounts exceptions --state refused), mend that and try again (nexus accounts requeue), or say why they need not be there: --accept-exceptions <why>",
  ],
  accounts_unwanted: (facts) => [
    `accounts are there whose users are to have none any more: ${word(facts, "reasons")}`,
    "see whose they are (nexus accounts exceptions --state unwanted) and ban or delete them at Supabase Auth, or say why they may stay: --accept-exceptions <why>",
  ],
  accounts_undecided: (facts) => [
    `run ${word(facts, "runId")} asked for accounts, and nobody has decided who gets one${still(facts)}`,
    "start an extractor; nexus doctor says more; or start a run with accounts (nexus start --delta --accounts), then ask again",
  ],
  accounts_outdated: (facts) => [
    `run ${word(facts, "wroteProfiles")} has written profiles, and who gets an account was decided before it, by run ${word(facts, "runId")}`,
    "start a run with accounts (nexus start --delta --accounts), then ask again",
  ],
  accounts_due: (facts) => [
    `${word(facts, "due")} accounts are due, and nobody makes them${still(facts)}`,
    "nexus doctor says why: loaders with ACCOUNTS=on, SUPABASE_URL and the key; then ask again",
  ],
  run_since: (facts) => [
    `run ${word(facts, "runId")} was started since the last delta`,
    "ask again: the target is verified anew",
  ],
};

/** What a step found. `code` null: as it shall be. */
export function cutoverStepInWords(
  step: CutoverStepName,
  status: "open" | "met" | "not_met" | "to_do",
  code: string | null,
  facts: Facts,
): { says: string; whatToDo: string | null } {
  if (status === "open") return { says: "under way", whatToDo: null };
  if (code === null) return { says: MET[step](facts), whatToDo: null };
  const [says, whatToDo] = CODES[code]?.(facts) ?? [code, "the extractor's log says more"];
  return { says, whatToDo };
}

/** What can be seen of a source in which nobody writes, and by what. */
function quiet(facts: Facts): string {
  const seconds = word(facts, "quietSeconds");
  const counted =
    facts.standby === true
      ? "a standby, and nothing came from its primary"
      : "the counters of its tables stand still";
  const begun =
    facts.begun === true
      ? "; transactions were begun on its server, in other databases or by its own maintenance"
      : "; no transaction that writes was begun on its server";
  const silent =
    typeof facts.silent === "number" && facts.silent > 0
      ? `; ${facts.silent} sessions of others may have written without having told it: before it hands over, a cut-over compares the tables themselves`
      : "";
  const kept =
    facts.readOnlyByDefault === true
      ? "; default_transaction_read_only is on"
      : "; default_transaction_read_only is off: nothing keeps people from writing again";
  const followed =
    facts.followed === undefined ? "" : "; it was followed until then, and is not any more";
  return `nobody wrote in the source for ${seconds} s: ${counted}${begun}${silent}${kept}${followed}`;
}

/** Since when, and why. */
function still({ seconds, pausedBecause }: Facts): string {
  const since = typeof seconds === "number" ? ` for ${seconds} s` : "";
  return typeof pausedBecause === "string" ? `${since}: paused because ${pausedBecause}` : since;
}

function word(facts: Facts, name: string): string {
  const value = facts[name];
  if (Array.isArray(value)) return value.map(String).join(", ");
  return typeof value === "string" || typeof value === "number" ? String(value) : "?";
}

function last(facts: Facts, name: string): string {
  const value = facts[name];
  return Array.isArray(value) && value.length > 0 ? String(value.at(-1)) : "?";
}

function listed(facts: Facts, name: string, before: string, after: string): string {
  const value = facts[name];
  if (!Array.isArray(value) || value.length === 0) return "";
  return `${before}${value.map(String).join(", ")}${after}`;
}
