import { entities, inDependencyOrder } from "@nexus/catalog";
import { StartFailure, UnavailableError } from "@nexus/shared/config";
import { errorCode, type Pool, preflightTarget } from "@nexus/shared/database";
import { type Finding, unchecked, well, wrong } from "./finding.ts";

/** Milliseconds that a look at the target's definitions may take. */
const PATIENCE_MS = 5_000;

/** Whether the target is there and fit to be written, and whether it has a ledger to read. */
export async function examineTarget(target: Pool): Promise<{ findings: Finding[]; ledger: boolean }> {
  try {
    await preflightTarget(target, inDependencyOrder(entities), PATIENCE_MS);
    return { findings: [well("target", "it is migrated, ours, and enforces its constraints")], ledger: true };
  } catch (error) {
    if (errorCode(error) === "57014") return { findings: [heldUp()], ledger: await hasLedger(target) };
    if (!(error instanceof StartFailure)) throw error;
    const { message } = error;
    if (error instanceof UnavailableError)
      return {
        findings: [wrong("target", "target_unreachable", message, "mend that first: the ledger lies there")],
        ledger: false,
      };
    const next = "do what it says, then `nexus preflight`: no service starts before";
    return { findings: [wrong("target", "target_unfit", message, next)], ledger: await hasLedger(target) };
  }
}

/** Its definitions cannot be read while somebody has locked a table. */
function heldUp(): Finding {
  return unchecked(
    "target",
    `its tables could not be looked at within ${PATIENCE_MS / 1_000} s: see who has locked them`,
  );
}

async function hasLedger(target: Pool): Promise<boolean> {
  const found = await target
    .query(
      `select where to_regclass('migration.batches') is not null and has_schema_privilege('migration', 'usage')`,
    )
    .catch(() => ({ rowCount: 0 }));
  return found.rowCount === 1;
}
