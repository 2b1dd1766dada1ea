import { contract } from "@nexus/contract";
import type { Deps } from "../deps.ts";
import { pageOf, positionIn } from "../answers/page.ts";
import { listChanges } from "../queries/list-changes.ts";
import type { App } from "../server.ts";

/** `/v1/audit`: every change, with its actor and reason. */
export function auditRoute(app: App, { target }: Deps): void {
  app.get("/v1/audit", { schema: contract["GET /v1/audit"] }, async ({ query }) => {
    const { limit = 100, cursor, actor, action, entity } = query;
    const filter = { actor, action, entity, before: positionIn(cursor), limit: limit + 1 };
    return pageOf(await listChanges(target, filter), limit, ({ id }) => id);
  });
}
