import { accountReasonInWords, contract } from "@nexus/contract";
import { by } from "../access/caller.ts";
import { pageOf, positionIn } from "../answers/page.ts";
import { requeueAccounts } from "../control/requeue-accounts.ts";
import type { Deps } from "../deps.ts";
import { viewOfAccounts } from "../progress/accounts.ts";
import { listAccounts } from "../queries/list-accounts.ts";
import type { App } from "../server.ts";

/** `/v1/accounts`: how far accounts of Supabase Auth are made, who has none, and which are tried again. */
export function accountRoutes(app: App, { target }: Pick<Deps, "target">): void {
  app.get("/v1/accounts", { schema: contract["GET /v1/accounts"] }, () => viewOfAccounts(target));

  app.get(
    "/v1/accounts/exceptions",
    { schema: contract["GET /v1/accounts/exceptions"] },
    async ({ query: { limit = 100, cursor, ...filter } }) => {
      const after = positionIn(cursor);
      const found = await listAccounts(target, { ...filter, after, limit: limit + 1 });
      const told = found.map((one) => ({ ...one, says: accountReasonInWords(one.reason) }));
      return pageOf(told, limit, ({ legacyId }) => legacyId);
    },
  );

  app.post(
    "/v1/accounts/requeue",
    { schema: contract["POST /v1/accounts/requeue"] },
    async (request) => {
      const { reason = null, ...asked } = request.body;
      return { accounts: await requeueAccounts(target, asked, by(request, reason)) };
    },
  );
}
