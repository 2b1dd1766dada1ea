import { entities, entityNamed } from "@nexus/catalog";
import { contract, type Lineage } from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";
import { type Deps, namesOf } from "../deps.ts";
import { Problem, requireEntity } from "../problem.ts";
import { batchesOf, contentOf, openException, targetIdOf, vectorsOf } from "../queries/trace-row.ts";
import type { App } from "../server.ts";

/** `/v1/lineage/:entity/:legacyId`: what became of one row, without a value of it. */
export function lineageRoute(app: App, deps: Deps): void {
  app.get(
    "/v1/lineage/:entity/:legacyId",
    { schema: contract["GET /v1/lineage/:entity/:legacyId"] },
    async ({ params: { entity, legacyId } }) => {
      requireEntity(entity, namesOf(deps));
      return await trace(deps.target, entity, legacyId);
    },
  );
}

async function trace(db: Queryable, entity: string, legacyId: number): Promise<Lineage> {
  const { source, target, content } = entityNamed(entities, entity);
  const place = { ...target, content };
  const batches = await batchesOf(db, entity, legacyId);
  const exception = await openException(db, entity, legacyId);
  const id = await targetIdOf(db, place, legacyId);
  if (batches.length === 0 && exception === undefined && id === undefined)
    throw new Problem(404, "not_found", `no run has planned row ${legacyId} of ${entity}`);
  const row = id === undefined ? null : { table: target.table, id };
  return {
    entity,
    legacyId,
    source: { table: source.table, key: source.key },
    outcome: exception?.outcome ?? (row === null ? "open" : "loaded"),
    exception: exception === undefined ? null : withoutOutcome(exception),
    batches,
    target: row,
    content: row === null || content === null ? null : await contentOf(db, place, content, row.id),
    embeddings: row === null || content === null ? [] : await vectorsOf(db, content, row.id),
  };
}

function withoutOutcome({
  outcome: _,
  ...said
}: NonNullable<Awaited<ReturnType<typeof openException>>>): NonNullable<Lineage["exception"]> {
  return said;
}
