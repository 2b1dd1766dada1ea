/** Settling: an entity without batches left is compared with the source and closed, and its children may open. */
import { entities, type Entity, entityNamed } from "@nexus/catalog";
import { type Pool, readAtOnce, together } from "@nexus/shared/database";
import { beginSettling, entitiesIn, type Run } from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import type { BatchStatus, EntityStatus } from "@nexus/shared/states";
import { inSpan } from "@nexus/shared/telemetry";
import { closeEntity } from "./close-entity.ts";
import { compareWithSource } from "./compare.ts";
import type { Deps } from "./deps.ts";
import { overLimit } from "./over-limit.ts";
import { attempt, type Setbacks, startSetbacks } from "./setbacks.ts";
import { entitiesWithout } from "./ready-entities.ts";

/** Settles every entity that has nothing left to load, each for itself. Returns whether one was settled. */
export async function settle(
  deps: Deps,
  run: Run,
  setbacks: Setbacks = startSetbacks(),
): Promise<boolean> {
  const { begun, over, ready } = await lookAround(deps.target, run.id);
  let settled = false;
  for (const name of ready) {
    const step = { name: "settle", entity: name, statuses: UNSETTLED } as const;
    const one = await attempt(deps, run, setbacks, step, async () => {
      const open = over.some(({ entity }) => entity === name) ? QUEUED : undefined;
      if (!begun.includes(name) && !(await beginSettling(deps.target, run.id, name, open)))
        return false;
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

/** Entities that settle, those that have lost too much, and those that may be settled now: whoever does so looks again. */
async function lookAround(target: Pool, runId: number) {
  const [begun, over, idle, without] = await readAtOnce(target, (tx) =>
    together([
      entitiesIn(tx, runId, ["settling"]),
      overLimit(tx, runId),
      entitiesWithout(tx, runId, QUEUED),
      entitiesWithout(tx, runId, OPEN),
    ]),
  );
  const stopped = idle.filter((name) => over.some(({ entity }) => entity === name));
  return { begun, over, ready: [...new Set([...begun, ...stopped, ...without])] };
}

const OPEN: readonly BatchStatus[] = ["planned", "queued"];

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
