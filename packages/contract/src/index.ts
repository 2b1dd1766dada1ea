export {
  accountReasonInWords,
  accountStallInWords,
  accountsUnmetInWords,
  unverifiedAccountsInWords,
} from "./account-words.ts";
export { ApiProblem, ApiUnreachable } from "./api-problem.ts";
export {
  batchCodeInWords,
  type ExhaustedBatch,
  exhaustedInWords,
  proofCodeInWords,
} from "./batch-codes.ts";
export { type Answer, type Client, type ClientOptions, type Given, openClient } from "./client.ts";
export { contract, type RouteContract, type RouteName } from "./contract.ts";
export { followProgress } from "./follow.ts";
export { isInt8, rowKey } from "./parts.ts";
export { wholeInWords } from "./read-whole.ts";
export { AUDITED, AUDITED_READS, isBlocked, isWaived } from "@nexus/shared/states";
export { cutoverStepInWords } from "./cutover-words.ts";
export { GONE_FATES, type GoneCounts, goneInWords } from "./gone-words.ts";
export { syncStopInWords } from "./sync-words.ts";
export { stallInWords } from "./stall-words.ts";
export { type ProblemCode, problem, PROBLEMS } from "./problem.ts";
export { canonical, digestLine } from "./canonical.ts";
export type { InvitationsView } from "./account-invitations.ts";
export type { Evidence, EvidenceRefusal } from "./evidence.ts";
export type { AccountsView } from "./accounts.ts";
export type { BackupView } from "./backups.ts";
export type { Forecast } from "./forecast.ts";
export type { Lineage } from "./records.ts";
export type { Report, ReportFormat } from "./report.ts";
export type { EntityView, Eta, Limit, RunView, Totals } from "./run-view.ts";
export type { LeftRow, RollbackView } from "./rollbacks.ts";
export type { CutoverView, Freeze } from "./cutover.ts";
export type { SyncView } from "./sync.ts";
export type { AdoptionView, Finding } from "./adoptions.ts";
export type {
  Difference,
  ForecastView,
  NewestVerification,
  VerificationView,
} from "./proof-views.ts";
