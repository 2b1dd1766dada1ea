/** One walk through the keys of source and target before an entity is closed: what is missing here, and what is gone there. */
import type { Entity } from "@nexus/catalog";
import { readAtOnce, together } from "@nexus/shared/database";
import { type ComparedPage, comparePage, keepsKey, type Run } from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import type { Deps } from "./deps.ts";
import { goneCursor, isBeginning, recordPage } from "./gone/gone-rows.ts";
import { LOCK_MS } from "./setbacks.ts";
import { countRows, plannedUpTo, sumsOf } from "./sums.ts";

/** So many milliseconds are spent on it before the others have their turn. */
const TURN_MS = 1_000;

const NOTHING: ComparedPage = { to: null, missing: [], gone: [] };

/** Compares further. Returns whether all is compared. */
export async function compareWithSource(deps: Deps, run: Run, entity: Entity): Promise<boolean> {
  const { legacy, target, settings, signal } = deps;
  const until = performance.now() + TURN_MS;
  const bounds = { statementMs: settings.legacyStatementMs, signal, lockMs: LOCK_MS };
  for (;;) {
    const [after, upTo] = await readAtOnce(target, (tx) =>
      together([goneCursor(tx, run.id, entity.name), plannedUpTo(tx, run.id, entity.name)]),
    );
    if (after === undefined) return true;
    if (isBusy(deps)) return false;
    const page =
      isBeginning(after) && (await cannotDiffer(deps, run, entity))
        ? NOTHING
        : await comparePage(
            legacy,
            target,
            { entity, runId: exceptedBy(run), upTo },
            after,
            bounds,
          );
    const fresh = page.gone.length > 0 && (await hasNoOthers(deps, run, entity));
    failpoint("gone.compared");
    await recordPage(target, run.id, entity.name, after, fresh ? { ...page, gone: [] } : page);
    if (page.to === null) return true;
    if (performance.now() > until) return false;
  }
}

/** A run that reads everything has said of each row anew why it is not in the target; a delta leaves what earlier runs said. */
function exceptedBy({ id, mode }: Run): number | null {
  return mode === "delta" ? null : id;
}

/** Whether the connection to the source is in use. It may wait for a lock of another table: nobody here waits for that. */
function isBusy({ legacy }: Deps): boolean {
  return legacy.idleCount === 0 && legacy.totalCount >= legacy.options.max;
}

/** Whether a comparison can find nothing: the target keeps another key than the source, so that missing keys are unknown, and it holds no other rows that could be gone. */
async function cannotDiffer(deps: Deps, run: Run, entity: Entity): Promise<boolean> {
  return !(await keepsKey(deps.legacy, entity)) && (await hasNoOthers(deps, run, entity));
}

/** Whether the target holds no more rows than this run has loaded: what the source lost since then is found gone by the next run. */
async function hasNoOthers({ target }: Deps, run: Run, entity: Entity): Promise<boolean> {
  const [held, { loaded }] = await readAtOnce(target, (tx) =>
    together([countRows(tx, entity), sumsOf(tx, run.id, entity.name)]),
  );
  return held <= loaded;
}
