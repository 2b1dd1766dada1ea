/** The report in plain sentences. Every number in them is one of the report's. */
import type { Limit, Report } from "@nexus/contract";
import { accountsInWords } from "./accounts.ts";
import type { Facts } from "./facts.ts";
import { counted, duration, estimated, inWords, listed, money, percent } from "./wording.ts";

/** What has become of the run, what is missing, and what the rest takes. */
export function summaryOf(facts: Facts): string[] {
  if (facts.run === null) return ["No run has been started yet: there is nothing to report."];
  return [
    headline(facts),
    ...missing(facts),
    ...trouble(facts),
    ...checked(facts),
    ...verified(facts),
    ...liveSource(facts),
    ...repaired(facts),
    ...embedded(facts),
    ...accountsInWords(facts),
    ...outlook(facts),
  ];
}

type Headline = (totals: Report["totals"], run: Facts["run"]) => string;

/** Why a run did not begin, by its code. */
const FAILURES: Readonly<Record<string, string>> = {
  source_missing: "the source lacks a table or column that the mapping needs",
  accounts_needed: "each profile needs an account of Supabase Auth, and it makes none",
};

const HEADLINES: Readonly<Record<Report["verdict"], Headline>> = {
  not_started: () => "has not been started",
  in_progress: (totals) => `is under way: ${movedSo(totals)}`,
  blocked: (totals) => `needs a decision: ${movedSo(totals)}`,
  paused: (totals) => `is paused: ${movedSo(totals)}`,
  complete: ({ current }) =>
    `is complete: all ${counted(current, "row")} of the source are in the target, and the sum closes for every entity`,
  complete_with_exceptions: (totals) =>
    `is complete with exceptions: ${movedSo(totals)}, and each of the other ${inWords(totals.remaining)} has its reason on record`,
  unproven: (totals) => `has ended without proof that nothing is missing: ${movedSo(totals)}`,
  failed: (_, run) =>
    `failed before it moved anything: ${FAILURES[run?.errorCode ?? ""] ?? run?.errorCode ?? "the log says why"}`,
  cancelled: (totals) => `was cancelled: ${movedSo(totals)}, and they stay there`,
  rolled_back: () => "was rolled back: what it had written was taken back",
};

function headline({ run, verdict, totals }: Facts): string {
  const took =
    run !== null && run.finishedAt !== null && run.seconds !== null
      ? ` It took ${duration(run.seconds)}.`
      : "";
  return `Run ${run?.id ?? ""} ${HEADLINES[verdict](totals, run)}.${took}`;
}

function movedSo({ current, expected, drift, progress }: Report["totals"]): string {
  if (progress === null)
    return `${counted(current, "row")} are in the target, and the source is still being counted`;
  return `${inWords(current)} of ${counted(expected + drift, "row")} of the source (${percent(progress)}) are in the target`;
}

function missing({ totals }: Facts): string[] {
  const { rejected, parked, excluded, unread } = totals;
  const parts = [
    ...(rejected > 0 ? [`${inWords(rejected)} rejected (the target cannot represent them)`] : []),
    ...(parked > 0 ? [`${inWords(parked)} parked (waiting for a row that they belong to)`] : []),
    ...(excluded > 0 ? [`${inWords(excluded)} left out on purpose`] : []),
    ...(unread > 0 ? [`${inWords(unread)} not read`] : []),
  ];
  return parts.length === 0 ? [] : [`Not in the target: ${parts.join("; ")}.`];
}

/** Limits of a run that goes on as it should: no news for a stakeholder. */
const PACE: ReadonlySet<Limit["by"]> = new Set(["source", "target"]);

/** What a person must look at. */
function trouble({ progress, checks, view, verdict }: Facts): string[] {
  const open = progress.rows.filter(({ unaccounted }) => unaccounted !== 0);
  const failed = new Set(checks.rows.filter(({ passed }) => !passed).map(({ entity }) => entity));
  const blocked = progress.rows
    .filter(({ status }) => status === "blocked")
    .map(({ entity }) => entity);
  const limit = view.limitedBy;
  const stuck = verdict === "in_progress" && limit !== null && !PACE.has(limit.by);
  return [
    ...open.map(
      ({ entity, unaccounted }) =>
        `The sum of ${entity} does not close: ${inWords(unaccounted)} rows have no outcome.`,
    ),
    ...[...failed].map((entity) => `A check of ${entity} did not pass.`),
    ...(blocked.length > 0 ? [`Blocked until a person decides: ${listed(blocked)}.`] : []),
    ...(stuck ? [sentence(`What holds it up: ${limit.says}`)] : []),
  ];
}

function liveSource({ progress }: Facts): string[] {
  const changed = progress.rows.filter(({ drift }) => drift !== 0);
  if (changed.length === 0) return [];
  const parts = changed.map(
    ({ entity, drift }) =>
      `${entity} ${drift > 0 ? "gained" : "lost"} ${counted(Math.abs(drift), "row")}`,
  );
  return [`The source went on being used after its rows were counted: ${listed(parts)}.`];
}

/** Some parts of sentences are questions. */
function sentence(text: string): string {
  return text.endsWith("?") ? text : `${text}.`;
}

function checked({ checks }: Facts): string[] {
  const passed = checks.rows.length > 0 && checks.rows.every((check) => check.passed);
  return passed ? ["Every check that was made after loading passed."] : [];
}

/** Said once it is known. */
function verified({ verification }: Facts): string[] {
  if (verification === null || verification.id === null) return [];
  const { id, status, errorCode, differences, pending, notVerified } = verification;
  if (status === "failed") {
    const end = errorCode === "cancelled" ? "was cancelled" : "failed";
    return [`Verification ${id} ${end}: nothing is known of differences.`];
  }
  if (status !== "done") return [];
  const more = [
    ...(pending > 0 ? [`vectors of ${counted(pending, "row")} are still to be made`] : []),
    ...(notVerified > 0 ? [`${inWords(notVerified)} entities could not be verified`] : []),
  ];
  const found = `Verification ${id} found ${inWords(differences)} differences between the target and what a second bookkeeping expects`;
  return [`${[found, ...more].join("; ")}.`];
}

function repaired({ totals }: Facts): string[] {
  const { repaired } = totals;
  return repaired === 0
    ? []
    : [`${counted(repaired, "row")} of the target carry a coded repair; none was guessed.`];
}

function embedded({ embedding, dify }: Facts): string[] {
  const { wanted, done, empty, failed, open, vectors, microdollars } = embedding;
  const documents = dify === null ? [] : [filled(dify)];
  if (!wanted && done + failed + open === 0)
    return ["Embeddings were off in this run.", ...documents];
  return [
    `Embeddings so far: ${inWords(done)} items have ${counted(vectors, "vector")}, ${inWords(empty)} have nothing to say, ${inWords(failed)} failed, ${inWords(open)} are to come; they cost ${money(microdollars)}.`,
    ...documents,
  ];
}

function filled({
  datasets,
  done,
  failed,
  offered,
  open,
  indexing,
}: NonNullable<Report["dify"]>): string {
  const left = offered + open + indexing > 0 ? "more are to come" : "none is to come";
  return `Dify holds ${counted(done, "document")} in ${counted(datasets, "knowledge base")}; ${inWords(failed)} failed, ${left}.`;
}

function outlook({ time, embedding, view, verdict }: Facts): string[] {
  const load =
    time.load === null || verdict !== "in_progress"
      ? []
      : [`The rest of the load takes ${estimated(time.load)}.`];
  const { eta } = view.embedding;
  return embedding.wanted && eta !== null && embedding.open > 0
    ? [...load, `The rest of the embedding takes ${estimated(eta)}.`]
    : load;
}
