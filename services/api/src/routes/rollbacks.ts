import { contract } from "@nexus/contract";
import { by } from "../access/caller.ts";
import { pageOf, positionIn } from "../answers/page.ts";
import { Problem } from "../answers/problem.ts";
import { done } from "../answers/refusal.ts";
import { askRollback } from "../control/ask-rollback.ts";
import { giveUp } from "../control/give-up.ts";
import { type Deps, namesOf } from "../deps.ts";
import { findRollback, listLeft, listRollbacks } from "../queries/find-rollback.ts";
import type { App } from "../server.ts";

/** `/v1/runs/:id/rollback` and `/v1/rollbacks` */
export function rollbackRoutes(app: App, deps: Deps): void {
  const { target } = deps;

  app.post(
    "/v1/runs/:id/rollback",
    { schema: contract["POST /v1/runs/:id/rollback"] },
    async (request, reply) => {
      const { plan = false, entities = null, reason = null } = request.body ?? {};
      const kind = plan ? "plan" : "rollback";
      const asked = { runId: request.params.id, kind, entities } as const;
      const { id } = done(await askRollback(target, asked, by(request, reason), namesOf(deps)));
      return await reply.code(201).send({ id });
    },
  );

  app.get("/v1/rollbacks", { schema: contract["GET /v1/rollbacks"] }, async ({ query }) => {
    const { limit = 100, cursor } = query;
    const found = await listRollbacks(target, { before: positionIn(cursor), limit: limit + 1 });
    return pageOf(found, limit, ({ id }) => id);
  });
  oneRollback(app, deps);
}

/** `/v1/rollbacks/:id` */
function oneRollback(app: App, { target }: Deps): void {
  app.get(
    "/v1/rollbacks/:id",
    { schema: contract["GET /v1/rollbacks/:id"] },
    async ({ params: { id } }) => {
      const found = await findRollback(target, id);
      if (found === undefined) throw new Problem(404, "not_found", `there is no rollback ${id}`);
      return found;
    },
  );

  app.get(
    "/v1/rollbacks/:id/left",
    { schema: contract["GET /v1/rollbacks/:id/left"] },
    async ({ params: { id }, query }) => {
      const { limit = 100, cursor } = query;
      if ((await findRollback(target, id)) === undefined)
        throw new Problem(404, "not_found", `there is no rollback ${id}`);
      const after = Math.max(0, Number(positionIn(cursor) ?? 0));
      const found = await listLeft(target, id, { after, limit: limit + 1 });
      return pageOf(found, limit, (one) => after + found.indexOf(one) + 1);
    },
  );

  app.post(
    "/v1/rollbacks/:id/cancel",
    { schema: contract["POST /v1/rollbacks/:id/cancel"] },
    async (request) => {
      const { params, body } = request;
      const caller = by(request, body?.reason ?? null);
      const { id, status } = done(await giveUp(target, "rollbacks", params.id, caller));
      return { id, status };
    },
  );
}
