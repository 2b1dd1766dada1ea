import { ApiProblem, ApiUnreachable, openClient, type RunView } from "@nexus/contract";
import { isBlocked } from "@nexus/shared/states";
import { examineAccountsView } from "./accounts.ts";
import { type Finding, note, well, wrong } from "./finding.ts";
import { STALLED_NEXT } from "./stall.ts";
import type { Settings } from "./settings.ts";

/** Milliseconds that the API has to answer. */
const PATIENCE_MS = 10_000;

export interface ApiExamined {
  readonly findings: readonly Finding[];
  /** What it said of the progress, if it answered. */
  readonly view?: RunView;
}

/** Whether the API answers, and lets us in. */
export async function examineApi({
  NEXUS_API_URL: url,
  NEXUS_TOKEN: token,
}: Settings): Promise<ApiExamined> {
  if (url === undefined) return { findings: [] };
  const api = openClient({ url, token });
  try {
    const view = await api.call("GET /v1/progress", { signal: AbortSignal.timeout(PATIENCE_MS) });
    return { findings: [well("api", "it answers")], view };
  } catch (error) {
    return { findings: [failureOf(error)] };
  }
}

function failureOf(error: unknown): Finding {
  if (error instanceof ApiProblem) return problemFinding(error);
  const says =
    error instanceof ApiUnreachable
      ? error.message
      : `the API gave no answer within ${PATIENCE_MS / 1_000} s`;
  return wrong(
    "api",
    "api_unreachable",
    says,
    "start it (npm run start:api), or correct NEXUS_API_URL; the migration itself goes on without it",
  );
}

function problemFinding({ status, code, message }: ApiProblem): Finding {
  const says = `the API: ${message} (${code})`;
  if (status === 401 || status === 403)
    return wrong("api", "api_refuses", says, "set NEXUS_TOKEN to a token that the API knows");
  if (code === "unexpected_answer")
    return wrong(
      "api",
      "api_is_another",
      says,
      "correct NEXUS_API_URL: something else listens there",
    );
  return wrong("api", "api_unwell", says, "mend what it names; its log says more");
}

/** What the API says of the run, where the ledger itself could not be read. */
export function examineView({
  run,
  entities,
  limitedBy,
  stalled,
  accounts,
  embedding,
}: RunView): Finding[] {
  if (run === null) return [note("run", "no_run", "no run was started yet", "nexus start")];
  const blocked = entities.filter(isBlocked);
  const found = [
    ...(stalled ? [wrong("run", "run_stalled", stalled.says, STALLED_NEXT)] : []),
    ...(run.status === "paused"
      ? [wrong("run", "run_paused", `run ${run.id} is paused`, `nexus resume ${run.id}`)]
      : []),
    ...(run.status === "failed"
      ? [
          wrong(
            "run",
            "run_failed",
            `run ${run.id} failed: ${run.errorCode ?? "no code"}`,
            "nexus preflight",
          ),
        ]
      : []),
    ...blocked.map(({ entity, why }) =>
      wrong("run", "entity_blocked", `${entity}: ${why}`, `nexus requeue ${entity}`),
    ),
    ...(limitedBy === null ? [] : [note("run", `limited_by_${limitedBy.by}`, limitedBy.says)]),
    ...examineAccountsView(accounts),
    ...(embedding.limitedBy === null
      ? []
      : [note("embeddings", `limited_by_${embedding.limitedBy.by}`, embedding.limitedBy.says)]),
  ];
  return found.length > 0 ? found : [well("run", `run ${run.id} is ${run.status}`)];
}
