/** Why evidence is not signed off. Each rule says it for all entities that it concerns. */
import { type Evidence, type EvidenceRefusal, unverifiedAccountsInWords } from "@nexus/contract";
import { inWords, listed, plain } from "../report/wording.ts";

type Told = Pick<
  Evidence,
  "run" | "counts" | "checks" | "verifications" | "accounts" | "invariants"
>;
type Verified = Evidence["verifications"][number];

interface Rule {
  readonly code: EvidenceRefusal["code"];
  /** The names that break it, in the order of the catalog; none: it holds. */
  readonly broken: (told: Told, names: readonly string[]) => readonly string[];
  readonly says: (broken: string) => string;
}

const RULES: readonly Rule[] = [
  {
    code: "run_not_completed",
    broken: ({ run }) => (run.status === "completed" ? [] : [`${run.id} is ${plain(run.status)}`]),
    says: (run) => `the run has not completed: run ${run}`,
  },
  {
    code: "left_out",
    broken: ({ counts }, names) => names.filter((name) => !counts.some(isReadAs(name))),
    says: (entities) => `the run did not read all entities: it left out ${entities}`,
  },
  {
    code: "not_settled",
    broken: ({ counts }) => counts.filter(isUnsettled).map(({ entity }) => entity),
    says: (entities) => `not every entity is complete: see ${entities}`,
  },
  {
    code: "sum_open",
    broken: ({ counts }) => counts.filter(({ closes }) => !closes).map(({ entity }) => entity),
    says: (entities) => `the sum does not close for ${entities}`,
  },
  {
    code: "check_failed",
    broken: ({ checks }) =>
      checks.filter(({ passed }) => !passed).map(({ entity, name }) => `${name} of ${entity}`),
    says: (checks) => `a check after loading failed: ${checks}`,
  },
  {
    code: "not_verified",
    broken: ({ verifications }) =>
      verifications.filter(({ newest }) => newest?.status !== "proved").map(whyNot),
    says: (entities) => `not verified: ${entities}`,
  },
  {
    code: "verification_outdated",
    broken: ({ verifications }) =>
      verifications.filter(({ newest }) => newest?.isCurrent === false).map(({ entity }) => entity),
    says: (entities) =>
      `a run or an adoption has written since the newest verification of ${entities}`,
  },
  {
    code: "verification_partial",
    broken: ({ verifications }) =>
      verifications
        .filter(
          ({ newest }) => newest !== null && (newest.sample !== null || newest.range !== null),
        )
        .map(({ entity }) => entity),
    says: (entities) => `the newest verification has compared only a part of ${entities}`,
  },
  {
    code: "differences",
    broken: ({ verifications }) =>
      verifications.flatMap(({ entity, newest }) =>
        newest === null || newest.differences === 0
          ? []
          : [`${entity} (${inWords(newest.differences)})`],
      ),
    says: (entities) => `the verification found differences in ${entities}`,
  },
  {
    code: "vectors_pending",
    broken: ({ run, verifications }) =>
      run.embeddings ? verifications.flatMap(withPending("vectors")) : [],
    says: (entities) => `vectors are still to be made for rows of ${entities}`,
  },
  {
    code: "documents_pending",
    broken: ({ run, verifications }) =>
      run.dify ? verifications.flatMap(withPending("documents")) : [],
    says: (entities) => `Dify has yet to take rows of ${entities}`,
  },
  {
    code: "accounts_not_verified",
    broken: ({ accounts, verifications }) =>
      accounts === null ? [] : verifications.flatMap(withoutAccounts),
    says: (why) => `accounts were not compared with Supabase Auth: ${why}`,
  },
  {
    code: "invariant_broken",
    broken: ({ invariants }) =>
      invariants.flatMap(({ name, broken }) => broken.map(({ entity }) => `${name} of ${entity}`)),
    says: (invariants) => `an invariant is broken: ${invariants}`,
  },
];

/** None: it is signed off. `names`: all entities of the catalog. */
export function refusalsOf(told: Told, names: readonly string[]): EvidenceRefusal[] {
  const broken = RULES.flatMap(({ code, broken, says }) => {
    const found = broken(told, names);
    return found.length === 0 ? [] : [{ code, says: says(listed(found)) }];
  });
  return [...broken, ...(told.accounts?.unmet ?? [])];
}

function isReadAs(name: string) {
  return ({ entity, status, excluded }: Evidence["counts"][number]): boolean =>
    entity === name && status !== "left_out" && excluded === 0;
}

const SETTLED: readonly Evidence["counts"][number]["status"][] = [
  "complete",
  "complete_with_exceptions",
  "left_out",
];

function isUnsettled({ status }: Evidence["counts"][number]): boolean {
  return !SETTLED.includes(status);
}

function withPending(made: "vectors" | "documents") {
  return ({ entity, newest }: Verified): string[] => {
    const pending = newest?.[made]?.pending ?? 0;
    return pending === 0 ? [] : [`${entity} (${inWords(pending)})`];
  };
}

/** Profiles that are not verified at all are said to be so already. */
function withoutAccounts({ newest }: Verified): string[] {
  const unverified = newest?.accounts?.unverified ?? null;
  return unverified === null ? [] : [unverifiedAccountsInWords(unverified)];
}

function whyNot({ entity, unverified }: Verified): string {
  return `${entity} (${unverified ?? "unknown"})`;
}
