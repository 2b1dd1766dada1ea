import type { AuditedRead } from "@nexus/shared/states";
import type { Queryable } from "@nexus/shared/database";

/** Who read clinical text of a practice: never what was asked, or what was found. */
export interface Reading {
  readonly actor: string;
  readonly action: AuditedRead;
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
