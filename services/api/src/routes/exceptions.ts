import { contract } from "@nexus/contract";
import { type Deps, namesOf } from "../deps.ts";
import { pageOf, positionIn } from "../answers/page.ts";
import { requireEntity } from "../answers/problem.ts";
import { groupExceptions, listExceptions } from "../queries/exceptions.ts";
import { listGone } from "../queries/gone-rows.ts";
import type { App } from "../server.ts";

/** Keys and codes of the rows that are not in the target. */
export function exceptionRoutes(app: App, deps: Deps): void {
  const { target } = deps;

  app.get(
    "/v1/entities/:entity/exceptions",
    { schema: contract["GET /v1/entities/:entity/exceptions"] },
    async (request) => {
      const { entity } = request.params;
      const { limit = 100, cursor, ...filter } = request.query;
      requireEntity(entity, namesOf(deps));
      const after = positionIn(cursor);
      const found = await listExceptions(target, entity, { ...filter, after, limit: limit + 1 });
      return pageOf(found, limit, ({ legacyId }) => legacyId);
    },
  );

  app.get(
    "/v1/entities/:entity/gone",
    { schema: contract["GET /v1/entities/:entity/gone"] },
    async ({ params: { entity }, query: { limit = 100, cursor } }) => {
      requireEntity(entity, namesOf(deps));
      const found = await listGone(target, entity, { after: positionIn(cursor), limit: limit + 1 });
      return pageOf(found, limit, ({ legacyId }) => legacyId);
    },
  );

  app.get(
    "/v1/exceptions/reasons",
    { schema: contract["GET /v1/exceptions/reasons"] },
    async ({ query: { entity } }) => {
      if (entity !== undefined) requireEntity(entity, namesOf(deps));
      return { reasons: await groupExceptions(target, entity) };
    },
  );
}
