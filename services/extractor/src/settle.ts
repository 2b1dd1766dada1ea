/** Settling: an entity without batches left is compared with the source and closed, and its children may open. */
import { entities, type Entity, entityNamed } from "@nexus/catalog";
import { beginSettling, type Run } from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import type { BatchStatus, EntityStatus } from "@nexus/shared/states";
import { inSpan } from "@nexus/shared/telemetry";
import { closeEntity } from "./close-entity.ts";
import { compareWithSource } from "./compare.ts";
import type { Deps } from "./deps.ts";
import { lookAround, type Outlook } from "./look-around.ts";
import { attempt, type Setbacks, startSetbacks } from "./setbacks.ts";

/**
 * Settles every entity that has nothing left to load, each for itself. Returns whether one was settled.
 * `seen`: what a look at the ledger has shown; if it is left out, it is looked at now.
 */
export async function settle(
  deps: Deps,
  run: Run,
  setbacks: Setbacks = startSetbacks(),
  seen?: Outlook,
): Promise<boolean> {
  const { toSettle } = seen ?? (await lookAround(deps.target, run.id));
  let settled = false;
  for (const { entity: name, begun, over } of toSettle) {
    const step = { name: "settle", entity: name, statuses: UNSETTLED } as const;
    const one = await attempt(deps, run, setbacks, step, async () => {
      const open = over ? QUEUED : undefined;
      if (!begun && !(await beginSettling(deps.target, run.id, name, open))) return false;
      failpoint("settle.begun");
      const entity = entityNamed(entities, name);
      return (
        (await compareWithSource(deps, run, entity)) && (await settleEntity(deps, run, entity))
      );
    });
    settled ||= one === true;
  }
  return settled;
}

/** What has lost too many rows is not loaded any further: only what is in flight is waited for. */
const QUEUED: readonly BatchStatus[] = ["queued"];

const UNSETTLED: readonly EntityStatus[] = ["loading", "settling"];

async function settleEntity(deps: Deps, run: Run, entity: Entity): Promise<boolean> {
  const startedAt = performance.now();
  const facts = { "nexus.run": run.id, "nexus.entity": entity.name };
  const step = { name: "settle", facts, under: run.traceContext };
  const closed = await inSpan(step, () => closeEntity(deps, run, entity));
  if (!closed) return false;
  failpoint("settle.closed");
  deps.settled(entity.name, (performance.now() - startedAt) / 1_000);
  return true;
}
