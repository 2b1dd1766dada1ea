import { entities, inDependencyOrder } from "@nexus/catalog";
import {
  ConfigurationError,
  connectionsNeeded,
  RefusedError,
  StartFailure,
  UnavailableError,
} from "@nexus/shared/config";
import {
  connectionNotes,
  errorCode,
  lentSessions,
  notesOnTarget,
  type Pool,
  preflightTarget,
  privacyNotes,
} from "@nexus/shared/database";
import { type Finding, note, well, wrong } from "./finding.ts";
import type { Settings } from "./settings.ts";

/** Milliseconds that a look at the target's definitions may take. */
const PATIENCE_MS = 5_000;

/** Whether the target is there and fit to be written, and whether it has a ledger to read. */
export async function examineTarget(
  target: Pool,
  { TARGET_POOL }: Settings,
): Promise<{ findings: Finding[]; ledger: boolean }> {
  try {
    const ordered = inDependencyOrder(entities);
    await preflightTarget(target, ordered, PATIENCE_MS);
    const strangers = await notesOnTarget(target, ordered);
    const seen = await privacyNotes(target, ordered);
    const few = await connectionNotes(
      target,
      connectionsNeeded("target", TARGET_POOL),
      "TARGET_POOL",
    );
    const lent = await lentSessions(target);
    const findings = [
      well("target", "it is migrated, ours, and enforces its constraints"),
      ...strangers.map((says) => note("target", "foreign_rule", says)),
      ...seen.map((says) => note("target", "seen_by_others", says)),
      ...few.map((says) => note("target", "few_connections", says)),
      ...lent.map((says) => note("target", "session_lent", says)),
    ];
    return { findings, ledger: true };
  } catch (error) {
    const { message } = error instanceof StartFailure ? error : unexpected(error);
    if (error instanceof UnavailableError || error instanceof RefusedError)
      return {
        findings: [
          wrong("target", "target_unreachable", message, "mend that first: the ledger lies there"),
        ],
        ledger: await hasLedger(target), // It may answer, with a table locked.
      };
    const next = "do what it says, then `nexus preflight`: no service starts before";
    return {
      findings: [wrong("target", "target_unfit", message, next)],
      ledger: await hasLedger(target),
    };
  }
}

/** What nobody foresaw of a server keeps nobody from looking at the rest; what is no server's is a defect of ours. */
function unexpected(error: unknown): ConfigurationError {
  const code = errorCode(error);
  if (code === undefined) throw error;
  return new ConfigurationError(`the target could not be looked at (${code})`, { cause: error });
}

async function hasLedger(target: Pool): Promise<boolean> {
  const found = await target
    .query(
      `select where to_regclass('migration.batches') is not null and has_schema_privilege('migration', 'usage')`,
    )
    .catch(() => ({ rowCount: 0 }));
  return found.rowCount === 1;
}
