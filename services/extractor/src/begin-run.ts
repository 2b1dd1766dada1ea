/** A run begins when the source is fit to be read; what is skipped is counted once. */
import { entities, entityNamed } from "@nexus/catalog";
import { errorCode, inspectSource, readOnly } from "@nexus/shared/database";
import { entitiesIn, moveRun, noteRunError, recordSourceTimezone, type Run } from "@nexus/shared/ledger";
import { inSpan } from "@nexus/shared/telemetry";
import type { Deps } from "./deps.ts";
import { countSkipped } from "./excluded.ts";
import type { Setbacks } from "./setbacks.ts";

/**
 * Moves a planned run to running, or to failed when the source cannot be read wholly. Returns whether it runs. An error is
 * written beside the run.
 */
export async function beginRun(deps: Deps, run: Run, setbacks: Setbacks): Promise<boolean> {
  const step = { name: "begin run", facts: { "nexus.run": run.id }, under: run.traceContext };
  try {
    return await inSpan(step, () => begin(deps, run, setbacks));
  } catch (error) {
    if (!deps.signal.aborted) await noteRunError(deps.target, run.id, errorCode(error) ?? "defect");
    throw error;
  }
}

async function begin(deps: Deps, run: Run, setbacks: Setbacks): Promise<boolean> {
  const selected = (await entitiesIn(deps.target, run.id, ["waiting", "planned"])).map((name) =>
    entityNamed(entities, name),
  );
  const { legacy, settings, signal } = deps;
  const { shape, problems } = await readOnly(
    legacy,
    (tx) => inspectSource(tx, selected, settings.sourceRules ?? {}),
    { statementMs: settings.legacyStatementMs, signal },
  );
  if (problems.length > 0) {
    for (const reason of problems) deps.log.error({ runId: run.id, reason }, "the source cannot be read");
    await moveRun(deps.target, run.id, ["planned"], "failed", "source_missing");
    return false;
  }
  for (const entity of await entitiesIn(deps.target, run.id, ["skipped"]))
    await countSkipped(deps, run, setbacks, shape, entity);
  await recordSourceTimezone(deps.target, run.id, shape.zone);
  const began = await moveRun(deps.target, run.id, ["planned"], "running");
  if (began) deps.log.info({ runId: run.id, entities: selected.length }, "run began");
  return began;
}
