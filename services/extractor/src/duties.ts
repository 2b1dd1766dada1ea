/** What an extractor does beside its ticks, each duty in rounds of its own: what one waits for holds up no other. */
import type { BackupPlace } from "@nexus/shared/database";
import { type Closers, startTicker, type Tick } from "@nexus/shared/runtime";
import { seldom } from "@nexus/shared/telemetry";
import { decideAccounts } from "./accounts/decide.ts";
import { adopt } from "./adoption/adopt.ts";
import { takeBackup } from "./backup/take-backup.ts";
import { cutOver } from "./cutover/walk.ts";
import type { Deps } from "./deps.ts";
import { plan } from "./plan.ts";
import { type Bookkeeping, prove } from "./proof/prove.ts";
import { twinOf } from "./proof/twin-files.ts";
import { openTwins } from "./proof/twins.ts";
import type { Memory } from "./reconcile.ts";
import { type Refusals, watchRefusals } from "./refusals.ts";
import { rollBack } from "./rollback/roll-back.ts";
import { rollUp } from "./roll-up.ts";
import { follow } from "./sync/follow.ts";

const BOOKS: Bookkeeping = { hasTwin: (entity) => twinOf(entity) !== null, open: openTwins };

/** Says of a round that failed which server refuses. */
function told(refusals: Refusals): (error: unknown) => never {
  return (error) => {
    refusals.failed(error);
    throw error;
  };
}

/** Starts them, until the process closes. `place`: where backups go; undefined: none is taken. */
export function startDuties(
  deps: Omit<Deps, "signal">,
  memory: Memory,
  place: BackupPlace | undefined,
  closers: Closers,
): void {
  const beside = (name: string, runOnce: Tick["runOnce"], trouble: string): void => {
    const onError = seldom((error, since) => deps.log.warn({ err: error, ...since }, trouble));
    const ticking = startTicker({ runOnce, onError, retryMs: 1_000 });
    closers.push(name, () => ticking.stop());
  };
  const planOnce = (signal: AbortSignal) => plan({ ...deps, signal }, memory.setbacks);
  const rollBackOnce = (signal: AbortSignal) => rollBack({ ...deps, signal });
  const cutOverOnce = (signal: AbortSignal) => cutOver({ ...deps, signal });
  const proveOnce = (signal: AbortSignal) => prove({ ...deps, signal }, BOOKS);
  beside("planning", planOnce, "planning failed, trying again");
  beside("adopting", (signal) => adopt({ ...deps, signal }), "adopting failed, trying again");
  const decideOnce = (signal: AbortSignal) => decideAccounts({ ...deps, signal });
  beside("deciding", decideOnce, "accounts cannot be decided, trying again");
  beside("rolling back", rollBackOnce, "rolling back failed, trying again");
  beside("cutting over", cutOverOnce, "cutting over failed, trying again");
  const refusals = watchRefusals(deps);
  const followOnce = (signal: AbortSignal) =>
    refusals.passed(follow({ ...deps, signal }).catch(told(refusals)));
  beside("following", followOnce, "following failed, trying again");
  beside("proving", proveOnce, "proving failed, trying again");
  if (place !== undefined) {
    const backUpOnce = (signal: AbortSignal) => takeBackup({ ...deps, signal }, place);
    beside("backing up", backUpOnce, "backing up failed, trying again");
  }
  beside("rolling up", () => rollUp(deps), "counts could not be rolled up, trying again");
}
