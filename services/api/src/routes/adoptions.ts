import { contract } from "@nexus/contract";
import { by } from "../access/caller.ts";
import { pageOf, positionIn } from "../answers/page.ts";
import { Problem } from "../answers/problem.ts";
import { done } from "../answers/refusal.ts";
import { askAdoption } from "../control/ask-adoption.ts";
import { giveUp } from "../control/give-up.ts";
import { type Deps, namesOf } from "../deps.ts";
import { findAdoption, listAdoptions, listFindings } from "../queries/find-adoption.ts";
import type { App } from "../server.ts";

/** `/v1/adoptions` */
export function adoptionRoutes(app: App, deps: Deps): void {
  const { target } = deps;

  app.post("/v1/adoptions", { schema: contract["POST /v1/adoptions"] }, async (request, reply) => {
    const {
      kind = "adopt",
      reason = null,
      keys = {},
      keep = [],
      namespace = null,
      leaveStrangers = null,
    } = request.body ?? {};
    const asked = { keys, keep, namespace, leaveStrangers, codes: deps.codes };
    const { id } = done(await askAdoption(target, kind, asked, by(request, reason), namesOf(deps)));
    return await reply.code(201).send({ id });
  });

  app.get("/v1/adoptions", { schema: contract["GET /v1/adoptions"] }, async ({ query }) => {
    const { limit = 100, cursor } = query;
    const found = await listAdoptions(target, { before: positionIn(cursor), limit: limit + 1 });
    return pageOf(found, limit, ({ id }) => id);
  });
  oneAdoption(app, deps);
}

/** `/v1/adoptions/:id` */
function oneAdoption(app: App, { target }: Deps): void {
  app.post(
    "/v1/adoptions/:id/cancel",
    { schema: contract["POST /v1/adoptions/:id/cancel"] },
    async (request) => {
      const { params, body } = request;
      const caller = by(request, body?.reason ?? null);
      const { id, status } = done(await giveUp(target, "adoptions", params.id, caller));
      return { id, status };
    },
  );

  app.get(
    "/v1/adoptions/:id",
    { schema: contract["GET /v1/adoptions/:id"] },
    async ({ params: { id } }) => {
      const found = await findAdoption(target, id);
      if (found === undefined) throw new Problem(404, "not_found", `there is no adoption ${id}`);
      return found;
    },
  );

  app.get(
    "/v1/adoptions/:id/findings",
    { schema: contract["GET /v1/adoptions/:id/findings"] },
    async ({ params: { id }, query }) => {
      const { limit = 100, cursor, entity, reason } = query;
      if ((await findAdoption(target, id)) === undefined)
        throw new Problem(404, "not_found", `there is no adoption ${id}`);
      const after = Math.max(0, Number(positionIn(cursor) ?? 0));
      const found = await listFindings(target, id, { entity, reason, after, limit: limit + 1 });
      return pageOf(found, limit, (one) => after + found.indexOf(one) + 1);
    },
  );
}
