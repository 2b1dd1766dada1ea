import { entities } from "@nexus/catalog";
import { contract } from "@nexus/contract";
import { backfill, difyProgress } from "@nexus/shared/ledger";
import type { Deps } from "../deps.ts";
import { by } from "../access/caller.ts";
import type { App } from "../server.ts";

/** `/v1/dify`: how far its knowledge bases are filled, and what is to be filled in beside the runs. */
export function difyRoutes(app: App, { target }: Pick<Deps, "target">): void {
  app.get("/v1/dify", { schema: contract["GET /v1/dify"] }, () => difyProgress(target));

  app.post("/v1/dify/backfill", { schema: contract["POST /v1/dify/backfill"] }, async (request) => {
    const { scope = "missing", reason = null } = request.body ?? {};
    const done = await backfill(target, entities, scope, by(request, reason), "dify");
    return done.kind === "backfilled" ? done : { events: 0, items: 0 };
  });
}
