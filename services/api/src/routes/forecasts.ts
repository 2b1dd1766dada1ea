import { contract } from "@nexus/contract";
import { by } from "../access/caller.ts";
import { pageOf, positionIn } from "../answers/page.ts";
import { Problem } from "../answers/problem.ts";
import { done } from "../answers/refusal.ts";
import { askProof } from "../control/ask-proof.ts";
import { giveUp } from "../control/give-up.ts";
import { type Deps, namesOf } from "../deps.ts";
import { findForecast } from "../queries/find-proof.ts";
import { listForecasts } from "../queries/list-forecasts.ts";
import { withCosts } from "../runs/forecast-costs.ts";
import type { App } from "../server.ts";

/** `/v1/forecasts` */
export function forecastRoutes(app: App, deps: Deps): void {
  const { target, codes } = deps;

  app.post("/v1/forecasts", { schema: contract["POST /v1/forecasts"] }, async (request, reply) => {
    const { entities = null, reason = null } = request.body ?? {};
    const asked = { entities, range: null, sample: null, codes };
    const asking = askProof(target, "forecast", asked, by(request, reason), namesOf(deps));
    const { id } = done(await asking);
    return await reply.code(201).send({ id });
  });

  app.get("/v1/forecasts", { schema: contract["GET /v1/forecasts"] }, async ({ query }) => {
    const { limit = 100, cursor } = query;
    const page = { before: positionIn(cursor), limit: limit + 1 };
    return pageOf(await listForecasts(target, page), limit, ({ id }) => id);
  });

  app.post(
    "/v1/forecasts/:id/cancel",
    { schema: contract["POST /v1/forecasts/:id/cancel"] },
    async (request) => {
      const caller = by(request, request.body?.reason ?? null);
      const { id, status } = done(await giveUp(target, "forecasts", request.params.id, caller));
      return { id, status };
    },
  );

  app.get(
    "/v1/forecasts/:id",
    { schema: contract["GET /v1/forecasts/:id"] },
    async ({ params: { id } }) => {
      const found = await findForecast(target, id);
      if (found === undefined) throw new Problem(404, "not_found", `there is no forecast ${id}`);
      return await withCosts(target, found, deps.embeddings);
    },
  );
}
