import { contract } from "@nexus/contract";
import { by } from "../access/caller.ts";
import { pageOf, positionIn } from "../answers/page.ts";
import { Problem } from "../answers/problem.ts";
import { done } from "../answers/refusal.ts";
import { askProof } from "../control/ask-proof.ts";
import { giveUp } from "../control/give-up.ts";
import { type Deps, namesOf } from "../deps.ts";
import { newestVerifications } from "../queries/newest-verifications.ts";
import { findVerification, listDifferences, listVerifications } from "../queries/find-proof.ts";
import type { App } from "../server.ts";

/** `/v1/verifications` */
export function verificationRoutes(app: App, deps: Deps): void {
  const { target } = deps;

  app.post(
    "/v1/verifications",
    { schema: contract["POST /v1/verifications"] },
    async (request, reply) => {
      const { entities = null, range = null, sample = null, reason = null } = request.body ?? {};
      const asked = { entities, range, sample, codes: null };
      const asking = askProof(target, "verification", asked, by(request, reason), namesOf(deps));
      const { id } = done(await asking);
      return await reply.code(201).send({ id });
    },
  );

  app.get("/v1/verifications", { schema: contract["GET /v1/verifications"] }, async ({ query }) => {
    const { limit = 100, cursor } = query;
    const page = { before: positionIn(cursor), limit: limit + 1 };
    return pageOf(await listVerifications(target, page), limit, ({ id }) => id);
  });

  newestRoute(app, deps);
  cancelRoute(app, deps);

  app.get(
    "/v1/verifications/:id",
    { schema: contract["GET /v1/verifications/:id"] },
    async ({ params: { id } }) => await verificationOf(id),
  );

  app.get(
    "/v1/verifications/:id/differences",
    { schema: contract["GET /v1/verifications/:id/differences"] },
    async ({ params: { id }, query }) => {
      await verificationOf(id);
      const { limit = 100, cursor, entity, kind } = query;
      const after = Math.max(0, Number(positionIn(cursor) ?? 0));
      const found = await listDifferences(target, id, { entity, kind, after, limit: limit + 1 });
      return pageOf(found, limit, (one) => after + found.indexOf(one) + 1);
    },
  );

  async function verificationOf(id: number) {
    const found = await findVerification(target, id);
    if (found === undefined) throw new Problem(404, "not_found", `there is no verification ${id}`);
    return found;
  }
}

/** From then on it counts as never made. */
function cancelRoute(app: App, { target }: Deps): void {
  app.post(
    "/v1/verifications/:id/cancel",
    { schema: contract["POST /v1/verifications/:id/cancel"] },
    async (request) => {
      const caller = by(request, request.body?.reason ?? null);
      const { id, status } = done(await giveUp(target, "verifications", request.params.id, caller));
      return { id, status };
    },
  );
}

/** What is known of each entity, known or not. */
function newestRoute(app: App, deps: Deps): void {
  app.get(
    "/v1/verifications/newest",
    { schema: contract["GET /v1/verifications/newest"] },
    async () => {
      const newest = await newestVerifications(deps.target);
      return {
        entities: namesOf(deps).map((entity) => ({ entity, newest: newest.get(entity) ?? null })),
      };
    },
  );
}
