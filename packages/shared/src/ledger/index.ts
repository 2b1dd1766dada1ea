export { type By, recordAudit } from "./audit.ts";
export {
  clearHold,
  currentHolds,
  type Hold,
  holdInWords,
  holdsAll,
  recordHold,
  recordRefusal,
} from "./holds.ts";
export { backfill } from "./backfill.ts";
export { backUpAgain, backupIsGivenUp, writeWithoutBackup } from "./given-up-backups.ts";
export {
  type Backup,
  BACKUP_TRIES,
  backupsAreTaken,
  claimBackup,
  entitiesToBackUp,
  failBackup,
  finishBackup,
  type HeldBackup,
  listBackups,
  renewBackup,
  type StoredBackup,
  wantBackups,
  yieldBackup,
} from "./backups.ts";
export { DIFY_BUDGET, difyProgress, type DifyProgress } from "./dify-progress.ts";
export * from "./accounts.ts";
export { ofModels, OTHER_BUDGETS } from "./other-budgets.ts";
export { embeddingProgress, type EmbeddingProgress } from "./embedding-progress.ts";
export type {
  Budget,
  BudgetOptions,
  CallOutcome,
  PauseReason,
  Reservation,
} from "./budget/budget.ts";
export { forecast } from "./budget/forecast-time-and-price.ts";
export { joinBudget, openBudget } from "./budget/open-budget.ts";
export {
  type BatchCounts,
  type ClaimedBatch,
  lockBatch,
  lockBatches,
  type PlannedBatch,
  queuedBatches,
  queuedCount,
  releaseBatch,
  roomFor,
  SHUT_OUT_MS,
} from "./batches.ts";
export {
  cancelBatches,
  countAttempt,
  failBatch,
  failExhausted,
  finishBatch,
  retryBatch,
  snoozeBatch,
  planNextGeneration,
  takeFromQueue,
  takeUnbegun,
  markBatchesRolledBack,
  markQueued,
} from "./batch-lifecycle.ts";
export {
  addEntities,
  allSettled,
  cancelEntities,
  gateIsOpen,
  gateOpenIn,
  loadAgain,
  loadMore,
  loadRequeued,
  markBlocked,
  markComplete,
  markPlanned,
  markRolledBack,
  markSettling,
  openEntity,
  type Selection,
  waiveEntity,
} from "./entity-lifecycle.ts";
export {
  completeRun,
  createRun,
  markRunBegun,
  markRunCancelled,
  markRunFailed,
  markRunPaused,
  markRunResumed,
  markRunRolledBack,
} from "./run-lifecycle.ts";
export { type Migrated, migrateTarget } from "./migrate.ts";
export type { Order } from "./order.ts";
export { untilMigrated } from "./until-migrated.ts";
export {
  type ContentReaders,
  type Exception,
  forgetBatch,
  type NoteGroup,
  recordContentEvent,
  recordExceptions,
  recordNotes,
  resolveOlder,
} from "./outcomes.ts";
export { fingerprintVersion, type Circumstances } from "./fingerprint-version.ts";
export {
  beginFingerprints,
  marksAtBegin,
  keepFingerprints,
  type Known,
  knownOf,
  knownRanges,
  type KnownRange,
  knownRows,
  lacksKnownRows,
  voidFingerprints,
} from "./fingerprints.ts";
export {
  countBatches,
  type DeltaPlan,
  planCursor,
  type PlanCursor,
  type Range,
  recordDelta,
  recordPlan,
} from "./planning.ts";
export { type EntityProgress, rollUpCounts, progressOf } from "./progress.ts";
export { activeRun, claimEntity, entitiesIn, findRun, lockRun, type Run } from "./runs.ts";
export { recordSource, sourceAtBegin, sourceSnapshot } from "./source-at-begin.ts";
export { anyBatchIn, beginSettling, type Check, compareAgain, recordChecks } from "./settling.ts";
export { accountsAreMade, type Carrier, type Heard, startHeartbeat } from "./heartbeats.ts";
export { idNamespace } from "./id-namespace.ts";
export { LEDGER_ID, ledgerId } from "./ledger-id.ts";
export { countLostSession } from "./lost-sessions.ts";
export { findStall, type Ready, type ReadyWork, type Stall } from "./stall.ts";
export { type Limits, setLimits, TOO_MANY_GONE, TOO_MANY_LOSSES, waiveLosses } from "./losses.ts";
export { bringAllBack, bringBack } from "./case-practice.ts";
export {
  BEGINNING,
  type ComparedPage,
  comparePage,
  keepsKey,
  type Key,
  MOST_MISSING,
} from "./compare-keys.ts";
export { type OfSource, type SourceNow, sourceNow } from "./still-gone.ts";
export { type Broken, brokenInvariants, examinedInvariants } from "./invariants.ts";
export { missingKeys } from "./keys-without-outcome.ts";
export { type Release, readRelease } from "./release.ts";
export {
  type Adoption,
  adoptedBefore,
  type AdoptionKind,
  type Asked,
  countUndoable,
  createAdoption,
  lockStarts,
  openAdoption,
  recordAdopted,
  recordAdoptedChanges,
  SINCE_LAST_RUN,
} from "./adoptions.ts";
export {
  claimProof,
  createProof,
  endProof,
  type HeldProof,
  openProof,
  type ProofAsked,
  type ProofKind,
  type ProofVersions,
  type ProvedEntity,
  type ProvedContent,
  type ProvedAccounts,
  recordProved,
  recordVersions,
  renewProof,
  runToVerify,
  stillHeld,
  wantVerification,
  yieldProof,
} from "./proofs.ts";
export { type Needs, recordNeeds } from "./proof-needs.ts";
export {
  countStrangers,
  leaveStrangers,
  recordKeyed,
  recordRows,
  recordStrangers,
  type Strangers,
  undecided,
} from "./strangers.ts";
export {
  beginUndo,
  forgetUndo,
  keepFormer,
  keepsUndo,
  type KeptRows,
  noteRestored,
  noteWritten,
  type Written,
  type WhichRows,
  type Writer,
} from "./undo.ts";
export { type AskedWork, cancelOpen, cancelProof, endOpen, lockOpen } from "./asked-work.ts";
export { type Busy, busyWith, CONTROL_BOUNDS, type CutOver, cutOver } from "./busy.ts";
export * from "./cutovers.ts";
export * from "./syncs.ts";
export { acceptExceptions, type OpenExceptions, undecidedExceptions } from "./open-exceptions.ts";
export {
  alreadyActive,
  type Started,
  startEntity,
  startRun,
  startRunIn,
  type StartRefusal,
  unknownAmong,
} from "./start-run.ts";
export { createRollback, openRollback, type Rollback } from "./rollbacks.ts";
export { addUnfinished, SPAN, type Unfinished, unfinishedEntities } from "./unfinished.ts";
export { type Exhausted, exhaustedBatches } from "./exhausted.ts";
export { isUnforeseen } from "./reasons-in-sql.ts";
