/** What the API answers when it does not do what was asked: RFC 9457, with a `code` that stays the same. */
import { z } from "zod";

/** Every code, with the status (or statuses) it is answered with and what it means. Codes are only ever added. */
export const PROBLEMS = {
  invalid_request: { statuses: [400], means: "the request is malformed; `fields` says where" },
  nothing_selected: { statuses: [400], means: "no entity is left to move" },
  unknown_entity: {
    statuses: [400, 404],
    means: "the catalog has no such entity; `known` lists those it has",
  },
  unauthenticated: {
    statuses: [401],
    means: "send Authorization: Bearer and a token that the API knows",
  },
  forbidden: {
    statuses: [403],
    means: "the token's role does not reach; `needs` names the role that does",
  },
  foreign_origin: {
    statuses: [403],
    means: "without tokens only this machine is answered, and no other web page",
  },
  not_found: { statuses: [404], means: "there is no such thing" },
  unknown_practice: { statuses: [404], means: "there is no such practice" },
  run_active: {
    statuses: [409],
    means: "a run is active; `runId` names it, and `syncId` the following that begins the next",
  },
  no_active_run: { statuses: [409], means: "no run is active" },
  wrong_status: {
    statuses: [409],
    means: "the run's status does not allow it; `possibleIn` lists those that do",
  },
  not_in_run: { statuses: [409], means: "the entity has no part in the active run" },
  not_blocked: { statuses: [409], means: "only what is blocked can be waived" },
  backup_failed: {
    statuses: [409],
    means:
      "the entity is blocked because its backup failed: only `withoutBackup` has it written without one",
  },
  strangers: {
    statuses: [409],
    means:
      "the target holds rows without a legacy key; `strangers` says of which entities, and how many",
  },
  target_unfit: {
    statuses: [409],
    means: "the target is set so that no worker would load it; `problem` says what to change",
  },
  adoption_open: { statuses: [409], means: "an adoption is under way; `adoptionId` names it" },
  proof_open: {
    statuses: [409],
    means: "a forecast or a verification is under way; `proofId` names it",
  },
  proof_over: {
    statuses: [409],
    means: "the forecast or the verification is done, failed or cancelled already",
  },
  adoption_over: { statuses: [409], means: "the adoption is done, failed or cancelled already" },
  rollback_open: { statuses: [409], means: "a rollback is under way; `rollbackId` names it" },
  rollback_over: { statuses: [409], means: "the rollback is done, failed or cancelled already" },
  cutover_open: { statuses: [409], means: "a cut-over is under way; `cutoverId` names it" },
  cutover_over: { statuses: [409], means: "the cut-over is not open: there is nothing to cancel" },
  not_cut_over: { statuses: [409], means: "the target was not handed over" },
  cut_over: {
    statuses: [409],
    means: "the target was handed over, and people write in it; `cutoverId` names the cut-over",
  },
  sync_on: {
    statuses: [409],
    means: "the source is followed already; `syncId` names it",
  },
  sync_off: { statuses: [409], means: "the source is not followed" },
  undo_not_kept: {
    statuses: [409],
    means: "the run has not kept what it changed, or that was removed; `undo` says which",
  },
  newer_run: {
    statuses: [409],
    means: "a newer run has begun and was not rolled back: that one first; `newer` names it",
  },
  children_remain: {
    statuses: [409],
    means:
      "children of the entities, whose rows the run wrote as well, are not to be rolled back with them; `children` names them",
  },
  nothing_to_undo: { statuses: [409], means: "nothing was adopted since the newest run began" },
  no_vectors: { statuses: [409], means: "the target has no table for vectors" },
  idempotency_in_flight: {
    statuses: [409],
    means: "the first request with this Idempotency-Key is still being done",
  },
  already_done: {
    statuses: [409],
    means:
      "the first request with this Idempotency-Key was done, and its answer was lost; `action` and `runId` say what it did",
  },
  too_large: { statuses: [413], means: "the body is larger than 64 kB" },
  unsupported_media_type: { statuses: [415], means: "send application/json" },
  unknown_type: {
    statuses: [422],
    means: "there is no such type of content; `known` lists those there are",
  },
  query_not_embeddable: { statuses: [422], means: "the query is blank or too long" },
  idempotency_key_reused: {
    statuses: [422],
    means: "this Idempotency-Key came with another request before",
  },
  rate_limited: { statuses: [429], means: "too many requests of this token; wait for Retry-After" },
  internal: { statuses: [500], means: "a defect: the log says more" },
  busy: {
    statuses: [503],
    means: "the target was too busy to finish in time; nothing was changed",
  },
  unavailable: { statuses: [503], means: "the target cannot be reached; nothing was changed" },
  not_migrated: {
    statuses: [503],
    means: "the target has no ledger, or an older one: run nexus migrate",
  },
  target_denies: {
    statuses: [503],
    means: "the API's role lacks a privilege in the target: nexus preflight says which",
  },
  not_ready: { statuses: [503], means: "`target` and `queue` say which of them does not answer" },
  too_many_streams: { statuses: [503], means: "this process follows as many readers as it may" },
  search_off: { statuses: [503], means: "no provider of embeddings is configured" },
  search_not_prepared: { statuses: [503], means: "the target is not prepared for search" },
  embedding_throttled: {
    statuses: [503],
    means: "the provider of embeddings takes no more calls for now",
  },
  embedding_unavailable: { statuses: [503], means: "the provider of embeddings did not answer" },
  embedding_refused: { statuses: [503], means: "the provider of embeddings refuses every call" },
} as const satisfies Record<string, { statuses: readonly number[]; means: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

export const problem = z.looseObject({
  title: z.string(),
  status: z.int(),
  /** One of `PROBLEMS`; a newer API may know more. */
  code: z.string(),
  detail: z.string(),
  fields: z.array(z.object({ field: z.string(), problem: z.string() })).optional(),
});
