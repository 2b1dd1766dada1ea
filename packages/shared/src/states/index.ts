/** Room `states`: the statuses of runs, entities and batches, what moves them, and what they mean. Loads no other module. */
export {
  activeRunStatuses,
  type BatchStatus,
  batchArrows,
  before,
  blocked,
  entityArrows,
  type EntityStatus,
  isBlocked,
  isSettled,
  isWaived,
  RUN_MODES,
  runArrows,
  type RunMode,
  type RunStatus,
  statusesOf,
} from "./states.ts";
export { CUTOVER_STEPS, type CutoverStepName } from "./cutover-steps.ts";
export { FOR_A_PERSON, NO_ACCOUNT, type NoAccount } from "./no-account.ts";
export { AUDITED, type Audited, AUDITED_READS, type AuditedRead } from "./audited.ts";
