/** The audit log has an end: what is older than it is kept is removed, by any process of the API. */
import type { Pool, Queryable } from "@nexus/shared/database";
import { startTicker, type Ticker } from "@nexus/shared/runtime";
import type { Log } from "@nexus/shared/telemetry";

const HOUR_MS = 3_600_000;
/** Milliseconds between two statements, while there is more to remove. */
const NEXT_MS = 1_000;

/** Looks at once, and then each hour. */
export function keepAudit(target: Pool, days: number, log: Pick<Log, "info" | "warn">): Ticker {
  return startTicker({
    runOnce: async () => {
      const { forgotten, more } = await forgetAudit(target, days);
      if (forgotten > 0) log.info({ forgotten, days }, "old lines of the audit log were removed");
      return more ? NEXT_MS : HOUR_MS;
    },
    onError: (error) =>
      log.warn({ err: error }, "old lines of the audit log could not be removed, trying again"),
    retryMs: HOUR_MS,
  });
}

/** Lines of one statement: a log of years is not removed in one transaction. */
const LINES = 5_000;

/** Removes some of the lines that are older than so many days, and returns how many: fewer than 5,000 means that there are no more. */
async function forgetAudit(
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
