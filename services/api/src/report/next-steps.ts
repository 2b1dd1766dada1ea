/** What a person does next, in the order in which it helps. */
import { stepsOfAccounts } from "./accounts.ts";
import type { Facts } from "./facts.ts";

const DONE = [
  "Keep this report with the records of the project.",
  "Run once more shortly before the switch: only what has changed since is written.",
];

const STEPS: Readonly<Record<Facts["verdict"], readonly string[]>> = {
  not_started: [
    "Prepare the target with nexus migrate, look at both sides with nexus preflight, then start a run: POST /v1/runs.",
  ],
  in_progress: ["Let it run; GET /v1/progress shows how far it is."],
  blocked: [],
  paused: ["Resume it: POST /v1/runs/:id/resume."],
  complete: DONE,
  complete_with_exceptions: DONE,
  unproven: ["Do not switch over: settle what is named here, then run once more."],
  failed: ["Ask nexus preflight what the source lacks, then start a new run: POST /v1/runs."],
  cancelled: ["Start a new run: POST /v1/runs. What is in the target already is only compared."],
  rolled_back: ["Mend what was wrong with it, then start a new run: POST /v1/runs."],
};

/** Never empty: that it may run on is a step, too. */
export function nextStepsOf(facts: Facts): string[] {
  const general = STEPS[facts.verdict].map((step) => step.replace(":id", String(facts.run?.id)));
  return [...general, ...ofEntities(facts), ...ofEmbedding(facts), ...stepsOfAccounts(facts)];
}

function ofEntities({ progress, shortfalls, verdict, backups }: Facts): string[] {
  const unsaved = new Map(
    backups.rows.flatMap((one) =>
      one.status === "failed" ? [[one.entity, one.errorCode ?? "no code"]] : [],
    ),
  );
  const blocked = progress.rows
    .filter(({ status }) => status === "blocked")
    .map(({ entity }) => decideOn(entity, unsaved.get(entity)));
  const unproven = progress.rows
    .filter(({ status }) => status === "unproven")
    .map(
      ({ entity }) =>
        `Have ${entity} looked at: its counts contradict each other, or a check failed.`,
    );
  const left = shortfalls.rows.filter(({ rows, resolved }) => rows > resolved);
  const having = (kind: string) =>
    new Set(left.filter((one) => one.kind === kind).map(({ entity }) => entity));
  const rejected = [...having("rejected")].map(
    (entity) =>
      `See which rows of ${entity} were rejected: GET /v1/entities/${entity}/exceptions?outcome=rejected.`,
  );
  const settled = !["in_progress", "blocked", "paused"].includes(verdict);
  const parked = settled ? [...having("parked")] : [];
  return [
    ...blocked,
    ...unproven,
    ...rejected,
    ...parked.map(
      (entity) => `Move what the parked rows of ${entity} wait for; they follow with the next run.`,
    ),
  ];
}

/** `failedBackup`: the code with which its backup failed. */
function decideOn(entity: string, failedBackup: string | undefined): string {
  const path = `/v1/entities/${entity}`;
  return failedBackup === undefined
    ? `Decide on ${entity}: POST ${path}/requeue once the cause is gone, or /waive to let what depends on it go on.`
    : `Decide on ${entity}, whose backup failed with ${failedBackup}: POST ${path}/requeue once the cause is gone, or /waive with withoutBackup to have it written without one.`;
}

function ofEmbedding({ embedding, view }: Facts): string[] {
  const { wanted, failed, open, status } = embedding;
  if (!wanted && open + embedding.done === 0) return [];
  const limit = view.embedding.limitedBy;
  return [
    ...(status === "paused" && limit !== null ? [`Embedding stands still: ${limit.says}.`] : []),
    ...(failed > 0
      ? [`Offer what could not be embedded again: POST /v1/embeddings/backfill with scope failed.`]
      : []),
  ];
}
