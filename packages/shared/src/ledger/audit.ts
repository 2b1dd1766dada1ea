/** The audit log: who changed what, and why, in the transaction of the change itself. */
import type { Queryable } from "../database/pool.ts";
import type { Audited } from "../states/index.ts";

/** Who asks for a control operation, and why. */
export interface By {
  readonly actor: string;
  readonly reason: string | null;
  /** Hash of the idempotency key of the request, if it came with one. */
  readonly requestKey?: Buffer;
}

/** What was done: a verb, what it was done to, and facts without values. */
export interface Act {
  readonly action: Audited;
  /** Null: it concerns no run. */
  readonly runId: number | null;
  readonly entity?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Adds a line to the audit log, and marks the request as done. */
export async function recordAudit(tx: Queryable, by: By, act: Act): Promise<void> {
  await tx.query(
    `insert into migration.audit_log (actor, action, run_id, entity, reason, details)
     values ($1, $2, $3, $4, $5, $6::jsonb)`,
    [
      by.actor,
      act.action,
      act.runId,
      act.entity ?? null,
      by.reason,
      JSON.stringify(act.details ?? {}),
    ],
  );
  if (by.requestKey === undefined) return;
  await tx.query(`update migration.idempotency_keys set action = $2, run_id = $3 where key = $1`, [
    by.requestKey,
    act.action,
    act.runId,
  ]);
}
