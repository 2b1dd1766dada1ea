import { entities, entityNamed } from "@nexus/catalog";
import { contract, type Lineage } from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";
import { type Deps, namesOf } from "../deps.ts";
import { Problem, requireEntity } from "../answers/problem.ts";
import {
  batchesOf,
  contentOf,
  openException,
  targetIdOf,
  vectorsOf,
} from "../queries/trace-row.ts";
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
  const batches = await batchesOf(db, entity, legacyId);
  const exception = await openException(db, entity, legacyId);
  const id = await targetIdOf(db, target, legacyId);
  if (batches.length === 0 && exception === undefined && id === undefined)
    throw new Problem(404, "not_found", `no run has planned row ${legacyId} of ${entity}`);
  return {
    entity,
    legacyId,
    source: { table: source.table, key: source.key },
    outcome: exception?.outcome ?? (id === undefined ? "open" : "loaded"),
    exception: exception ?? null,
    batches,
    target: id === undefined ? null : { table: target.table, id },
    ...(await embeddedOf(db, target.table, content, id)),
  };
}

/** Entities without content, and rows that are not in the target, have nothing embedded. */
async function embeddedOf(
  db: Queryable,
  table: string,
  content: string | null,
  id: string | undefined,
): Promise<Pick<Lineage, "content" | "embeddings">> {
  if (content === null || id === undefined) return { content: null, embeddings: [] };
  return {
    content: await contentOf(db, table, content, id),
    embeddings: await vectorsOf(db, content, id),
  };
}
