import { contract } from "@nexus/contract";
import { by } from "../access/caller.ts";
import { pageOf, positionIn } from "../answers/page.ts";
import { askInvitations } from "../control/ask-invitations.ts";
import type { Deps } from "../deps.ts";
import { listInvitations, sumInvitations } from "../queries/find-invitations.ts";
import type { App } from "../server.ts";

/** `/v1/accounts/invitations` */
export function accountInvitationRoutes(app: App, { target }: Pick<Deps, "target">): void {
  app.post(
    "/v1/accounts/invitations",
    { schema: contract["POST /v1/accounts/invitations"] },
    async (request) => {
      const { method, againUnsure = false, reason = null } = request.body;
      return await askInvitations(target, { method, againUnsure }, by(request, reason));
    },
  );

  app.get(
    "/v1/accounts/invitations",
    { schema: contract["GET /v1/accounts/invitations"] },
    async ({ query: { state, limit = 100, cursor } }) => {
      const wanted = { state, after: positionIn(cursor), limit: limit + 1 };
      const [sums, found] = await Promise.all([
        sumInvitations(target),
        listInvitations(target, wanted),
      ]);
      return { ...sums, ...pageOf(found, limit, ({ legacyId }) => legacyId) };
    },
  );
}
