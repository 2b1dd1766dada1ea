import { contract } from "@nexus/contract";
import type { Deps } from "../deps.ts";
import { Problem } from "../answers/problem.ts";
import type { App } from "../server.ts";

/** `/v1/me`: who asks, for pages that show people what they may do. */
export function meRoute(app: App, { access }: Deps): void {
  app.get("/v1/me", { schema: contract["GET /v1/me"] }, async ({ caller }) => {
    if (caller === null)
      throw new Problem(401, "unauthenticated", "send Authorization: Bearer and a token");
    return { ...caller, verified: access.tokens.length > 0 };
  });
}
