/** The audit log: who changed what, and why, in the transaction of the change itself; and who read clinical text. */
import type { Queryable } from "../database/pool.ts";

/** Who asks for a control operation, and why. */
export interface By {
  readonly actor: string;
  readonly reason: string | null;
}

/** What was done: a verb, what it was done to, and facts without values. */
export interface Act {
  readonly action: "start" | "pause" | "resume" | "cancel" | "requeue" | "waive" | "limit" | "backfill";
  /** Null: it concerns no run. */
  readonly runId: number | null;
  readonly entity?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Adds a line to the audit log. */
export async function recordAudit(tx: Queryable, by: By, act: Act): Promise<void> {
  await tx.query(
    `insert into migration.audit_log (actor, action, run_id, entity, reason, details)
     values ($1, $2, $3, $4, $5, $6::jsonb)`,
    [by.actor, act.action, act.runId, act.entity ?? null, by.reason, JSON.stringify(act.details ?? {})],
  );
}

/** Who read clinical text of a practice: never what was asked, or what was found. */
export interface Reading {
  readonly actor: string;
  readonly action: "search" | "retrieve";
  readonly practiceId: string;
  /** How many pieces of content were given. */
  readonly results: number;
}

/** Adds a line about a reading. What is not on record is not to be answered. */
export async function recordReading(
  db: Queryable,
  { actor, action, practiceId, results }: Reading,
): Promise<void> {
  await db.query(
    `insert into migration.audit_log (actor, action, details)
     values ($1::text, $2::text, jsonb_build_object('practiceId', $3::text, 'results', $4::integer))`,
    [actor, action, practiceId, results],
  );
}

/** Lines of one statement: a log of years is not removed in one transaction. */
const LINES = 5_000;

/** Removes some of the lines that are older than so many days, and returns how many: fewer than 5,000 means that there are no more. */
export async function forgetAudit(
  db: Queryable,
  days: number,
): Promise<{ readonly forgotten: number; readonly more: boolean }> {
  const { rowCount } = await db.query(
    `delete from migration.audit_log where id in (
       select id from migration.audit_log where at < now() - make_interval(days => $1::integer) order by at limit ${LINES})`,
    [days],
  );
  return { forgotten: rowCount ?? 0, more: rowCount === LINES };
}
