/** The verbs of the audit log, which command line and dashboard offer to choose from. */

/** Of what changes something, or is given away. */
export const AUDITED = [
  "start",
  "pause",
  "resume",
  "cancel",
  "requeue",
  "requeue_accounts",
  "waive",
  "limit",
  "backfill",
  "leave_strangers",
  "plan_adoption",
  "adopt",
  "undo_adoption",
  "forecast",
  "verify",
  "cancel_forecast",
  "cancel_verification",
  "evidence",
  "cancel_adoption",
  "plan_rollback",
  "rollback",
  "cancel_rollback",
  "plan_cutover",
  "cutover",
  "cut_over",
  "cancel_cutover",
  "withdraw_cutover",
  "accept_exceptions",
  "sync",
  "invite_accounts",
  "stop_sync",
  "archive_gone",
  "delete_gone",
  "bring_back",
] as const;

export type Audited = (typeof AUDITED)[number];

/** Of what is read: content that somebody searched for. */
export const AUDITED_READS = ["search", "retrieve"] as const;

export type AuditedRead = (typeof AUDITED_READS)[number];
