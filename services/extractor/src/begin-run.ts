/** A run begins when the source is fit to be read; what is skipped is counted once. */
import { entities, entityNamed, missingInSource, type SourceShape, sourceShape } from "@nexus/catalog";
import { readOnly, readSourceColumns } from "@nexus/shared/database";
import { entitiesIn, moveRun, recordExcluded, type Run } from "@nexus/shared/ledger";
import { inSpan } from "@nexus/shared/telemetry";
import type { Deps } from "./deps.ts";

/** Moves a planned run to running, or to failed when the source lacks what the mapping needs. Returns whether it runs. */
export async function beginRun(deps: Deps, run: Run): Promise<boolean> {
  const step = { name: "begin run", facts: { "nexus.run": run.id }, under: run.traceContext };
  return await inSpan(step, () => begin(deps, run));
}

async function begin(deps: Deps, run: Run): Promise<boolean> {
  const selected = (await entitiesIn(deps.target, run.id, ["waiting", "planned"])).map((name) =>
    entityNamed(entities, name),
  );
  const shape = sourceShape(await readSourceColumns(deps.legacy));
  const missing = missingInSource(selected, shape);
  if (missing.length > 0) {
    for (const { message } of missing)
      deps.log.error({ runId: run.id, reason: message }, "the source lacks something");
    await moveRun(deps.target, run.id, ["planned"], "failed", "source_missing");
    return false;
  }
  for (const entity of await entitiesIn(deps.target, run.id, ["skipped"]))
    await recordExcluded(deps.target, run.id, entity, await countSource(deps, shape, entity));
  const began = await moveRun(deps.target, run.id, ["planned"], "running");
  if (began) deps.log.info({ runId: run.id, entities: selected.length }, "run began");
  return began;
}

/** Rows of a skipped entity in the source; none where its table is not even there. */
async function countSource(
  { legacy, settings, signal }: Deps,
  shape: SourceShape,
  name: string,
): Promise<number> {
  const { table } = entityNamed(entities, name).source;
  if (!shape.has(table)) return 0;
  const counted = await readOnly(
    legacy,
    (tx) => tx.query<{ count: number }>(`select count(*) from ${table}`),
    { statementMs: settings.legacyStatementMs, signal },
  );
  return counted.rows[0]?.count ?? 0;
}
