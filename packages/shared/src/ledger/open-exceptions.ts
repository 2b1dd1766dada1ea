/** Exceptions that are open: rows that are not in the target, and whether somebody has decided about them. */
import type { Queryable } from "../database/pool.ts";
import type { By } from "./audit.ts";

/** Open exceptions of one kind. */
export interface OpenExceptions {
  readonly entity: string;
  readonly outcome: "rejected" | "parked";
  readonly reason: string;
  readonly rows: number;
}

/** Of `migration.exceptions x`: open, and nobody has decided about it. */
const UNDECIDED = `x.resolved_at is null and not exists (
  select from migration.accepted_exceptions a
  where a.entity = x.entity and a.legacy_id = x.legacy_id and a.outcome = x.outcome and a.reason = x.reason)`;

/** Those that nobody has decided about. */
export async function undecidedExceptions(db: Queryable): Promise<OpenExceptions[]> {
  const found = await db.query<OpenExceptions>(
    `select entity, outcome, reason, count(distinct legacy_id) as rows from migration.exceptions x
     where ${UNDECIDED} group by 1, 2, 3 order by 1, 2, 3`,
  );
  return found.rows;
}

/** Keeps that these rows need not be in the target: who said so, and why. One that comes back for another reason is open again. */
export async function acceptExceptions(
  tx: Queryable,
  { actor, reason }: By & { readonly reason: string },
): Promise<OpenExceptions[]> {
  const accepted = await tx.query<OpenExceptions>(
    `with accepted as (
       insert into migration.accepted_exceptions (entity, legacy_id, outcome, reason, actor, because)
       select distinct x.entity, x.legacy_id, x.outcome, x.reason, $1::text, $2::text from migration.exceptions x where ${UNDECIDED}
       on conflict do nothing returning entity, outcome, reason)
     select entity, outcome, reason, count(*) as rows from accepted group by 1, 2, 3 order by 1, 2, 3`,
    [actor, reason],
  );
  return accepted.rows;
}
