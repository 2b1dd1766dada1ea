/** Refusals of the ledger's control operations as problems: one table, a status and a sentence for each. */
import type { ProblemCode } from "@nexus/contract";
import type { Refusal } from "../control/refusals.ts";
import { Problem } from "./problem.ts";

type Kind = Refusal["kind"];
type Refusals = { readonly [K in Kind]: Extract<Refusal, { kind: K }> };

const ANSWERS: {
  readonly [K in Kind]: (refusal: Refusals[K]) => readonly [status: number, detail: string];
} = {
  unknown_entity: ({ unknown, known }) => [
    400,
    `there is no entity ${unknown.join(", ")}; there are ${known.join(", ")}`,
  ],
  nothing_selected: () => [400, "no entity is left to move: name one in entities, or skip fewer"],
  target_unfit: ({ problem }) => [
    409,
    `the target is not fit for a run, which extractors and loaders would refuse: ${problem}`,
  ],
  run_active: ({ runId, syncId }) => [
    409,
    syncId === undefined
      ? `run ${runId} is active: wait for it, or cancel it`
      : `run ${runId} is active, and the source is followed (${syncId}), so that the next may begin at once: nexus sync --stop first, then wait for the run or cancel it; follow again afterwards`,
  ],
  adoption_open: ({ adoptionId }) => [
    409,
    `adoption ${adoptionId} is under way: wait for it (an extractor does it), or cancel it (nexus adopt --cancel)`,
  ],
  proof_open: ({ proofId }) => [
    409,
    `proof ${proofId}, a forecast or a verification, is under way: wait for it (an extractor does it), or cancel it (nexus verify --cancel, nexus forecast --cancel)`,
  ],
  proof_over: ({ proofId, status }) => [
    409,
    `proof ${proofId} is ${status}: there is nothing to cancel`,
  ],
  adoption_over: ({ adoptionId, status }) => [
    409,
    `adoption ${adoptionId} is ${status}: there is nothing to cancel`,
  ],
  rollback_open: ({ rollbackId }) => [
    409,
    `rollback ${rollbackId} is under way: wait for it (an extractor does it), or cancel it (nexus rollback <run> --cancel)`,
  ],
  rollback_over: ({ rollbackId, status }) => [
    409,
    `rollback ${rollbackId} is ${status}: there is nothing to cancel`,
  ],
  no_such_work: ({ noun, id }) => [404, `there is no ${noun} ${id}`],
  cutover_open: ({ cutoverId }) => [
    409,
    `cut-over ${cutoverId} is under way: wait for it (an extractor walks it), or cancel it (nexus cutover --cancel)`,
  ],
  cutover_over: ({ cutoverId, status }) => [
    409,
    `cut-over ${cutoverId} is ${status}: there is nothing to cancel`,
  ],
  sync_on: ({ syncId }) => [
    409,
    `the source is followed already (${syncId}): to follow it otherwise, stop that first (nexus sync --stop)`,
  ],
  sync_off: () => [409, "the source is not followed: there is nothing to stop"],
  not_cut_over: () => [409, "the target was not handed over: there is nothing to withdraw"],
  cut_over: ({ cutoverId }) => [
    409,
    `the target was handed over with cut-over ${cutoverId}: people write in it, and this may overwrite or undo what they wrote; withdraw the cut-over first (nexus cutover --withdraw), or, for a run, say that it shall: --after-cutover`,
  ],
  undo_not_kept: ({ runId, undo }) => [
    409,
    undo === "off"
      ? `run ${runId} has not kept what it changed: UNDO of the extractor says which runs do`
      : `what run ${runId} had kept was removed: UNDO_DAYS of the extractor says when`,
  ],
  newer_run: ({ runId, newer }) => [
    409,
    `run ${newer} came after run ${runId}, and may have written the same rows: roll that one back first`,
  ],
  children_remain: ({ runId, children }) => [
    409,
    `run ${runId} has also written ${children.join(", ")}, which may refer to what it inserted: name them, too, or roll the whole run back`,
  ],
  nothing_to_undo: () => [
    409,
    "nothing was adopted since the newest run began: what a run has compared and written cannot be given back",
  ],
  strangers: ({ strangers }) => [
    409,
    `the target holds rows without a legacy key, which a run would load a second time if they are of the source: ${strangers
      .map(({ entity, rows }) => `${rows} of ${entity}`)
      .join(
        ", ",
      )}; find out which are the source's and adopt them (nexus adopt --plan, then nexus adopt); if the others may stay as they are, say why: --leave-strangers <reason>`,
  ],
  no_such_run: ({ runId }) => [404, `there is no run ${runId}`],
  no_active_run: () => [409, "no run is active"],
  wrong_status: ({ runId, runStatus, possibleIn }) => [
    409,
    `run ${runId} is ${runStatus}; this is possible while it is ${possibleIn.join(", ")}`,
  ],
  not_in_run: ({ runId, entity, entityStatus }) => [
    409,
    entityStatus === null
      ? `${entity} is not part of run ${runId}, which is active: wait for it, or cancel it`
      : `${entity} is ${entityStatus} in run ${runId}: nothing of it was moved that could be tried again`,
  ],
  not_blocked: ({ runId, entity, entityStatus }) => [
    409,
    `${entity} is ${entityStatus} in run ${runId}: only what is blocked can be waived`,
  ],
  backup_failed: ({ entity }) => [
    409,
    `${entity} is blocked because its backup failed: mend that and requeue it; or say that it shall be written without one (nexus waive ${entity} --without-backup --reason …)`,
  ],
};

/** The result of a control operation that was done. Throws the problem of one that was refused. */
export function done<T extends { kind: string }>(result: T | Refusal): T {
  if (isRefusal(result)) throw problemOf(result.kind, result);
  return result;
}

function isRefusal(result: { kind: string }): result is Refusal {
  return Object.hasOwn(ANSWERS, result.kind);
}

function problemOf<K extends Kind>(kind: K, refusal: Refusals[K]): Problem {
  const [status, detail] = ANSWERS[kind](refusal);
  const { kind: _, ...facts } = refusal;
  return new Problem(status, codeOf(kind), detail, facts);
}

function codeOf(kind: Kind): ProblemCode {
  return kind === "no_such_run" || kind === "no_such_work" ? "not_found" : kind;
}
