export { sharedDatabases } from "./same-database.ts";
export { byOid } from "./text-types.ts";
export { type Decode, decoderOf, labelOf, UNREADABLE_TEXT } from "./stored-text.ts";
export {
  connectionBroke,
  errorCode,
  mayPass,
  nextStep,
  type NextStep,
  noConnectionLeft,
  OF_ABSENCE,
} from "./failures.ts";
export { type Client, openPool, type Pool, type Queryable, urlOf, withPool } from "./pool.ts";
export { type Server, serverOf } from "./attend.ts";
export { connectionNotes, type Room, roomForUs } from "./connection-limits.ts";
export { FOREIGN_TRIGGER, profilesNeedUsers, rulesOf } from "./foreign-rules.ts";
export { refusalCode, refusalInWords } from "./refusals.ts";
export { cancelSession } from "./end-session.ts";
export { lentSessions } from "./lent-sessions.ts";
export { requireReadableLedger } from "./ledger-owner.ts";
export { openBoth, openTarget } from "./open-databases.ts";
export {
  type Bounds,
  inSnapshot,
  inTransaction,
  inTrips,
  LONG_MS,
  readAtOnce,
  readOnly,
  readSnapshot,
  readTarget,
} from "./transaction.ts";
export { together } from "./trips.ts";
export { arrayParameter, arrayValue } from "./array-parameter.ts";
export {
  addChanges,
  type Changes,
  changesFrom,
  countDifferent,
  differs,
  NO_CHANGES,
  sentColumns,
  sentRows,
  sentValues,
} from "./sent-rows.ts";
export { readTargetTables, type TargetTable } from "./target-tables.ts";
export { type BackupPlace, preflightBackup } from "./preflight-backup.ts";
export { preflightLegacy } from "./preflight-legacy.ts";
export { notesOnTarget, preflightTarget, privacyNotes } from "./preflight-target.ts";
export { inspectBesidesLocked } from "./inspect-besides-locked.ts";
export { type Inspection, inspectSource } from "./inspect-source.ts";
export { estimatedRows } from "./source-statistics.ts";
export { readSourceShape } from "./source-catalog.ts";
export { serverVersion } from "./reach.ts";
export { rowSecurityLike } from "./source-row-security.ts";
export { asTenant } from "./as-tenant.ts";
export { sharedContent } from "./target-schema.ts";
export {
  BUCKET_INDEX,
  bucketIndex,
  bucketOf,
  buckets,
  inBucket,
  INDEX_LOCK,
  INDEX_STATE,
} from "./vector-buckets.ts";
export { sessionsReplicate } from "./replication-role.ts";
