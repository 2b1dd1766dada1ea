import { contract } from "@nexus/contract";
import { by } from "../access/caller.ts";
import { Problem } from "../answers/problem.ts";
import { done } from "../answers/refusal.ts";
import { askCutover, openCutoverId, withdraw } from "../control/ask-cutover.ts";
import { giveUp } from "../control/give-up.ts";
import { type Deps, namesOf } from "../deps.ts";
import { findCutover } from "../queries/find-cutover.ts";
import { optionsOf } from "../runs/started.ts";
import type { App } from "../server.ts";

/** PostgreSQL tells of most writes within 10 s. */
const QUIET_SECONDS = 15;

/** `/v1/cutover` */
export function cutoverRoutes(app: App, deps: Deps): void {
  const { target } = deps;

  app.post("/v1/cutover", { schema: contract["POST /v1/cutover"] }, async (request, reply) => {
    const {
      kind,
      skip,
      acceptExceptions,
      withoutBackup = false,
      sourceFrozen = false,
      quietSeconds = QUIET_SECONDS,
      reason = null,
    } = request.body;
    const order = { ...optionsOf(deps, {}), skip };
    const asked = { order, withoutBackup, sourceFrozen, quietSeconds };
    const caller = by(request, reason);
    const asking = askCutover(target, kind, asked, acceptExceptions, caller, namesOf(deps));
    const { id } = done(await asking);
    return await reply.code(201).send({ id });
  });

  app.get("/v1/cutover", { schema: contract["GET /v1/cutover"] }, async ({ query: { id } }) => {
    const found = await findCutover(target, id);
    if (found !== undefined) return found;
    const what = id === undefined ? "no cut-over was asked for" : `there is no cut-over ${id}`;
    throw new Problem(404, "not_found", what);
  });

  app.post(
    "/v1/cutover/cancel",
    { schema: contract["POST /v1/cutover/cancel"] },
    async (request) => {
      const caller = by(request, request.body?.reason ?? null);
      const open = await openCutoverId(target);
      if (open === undefined)
        throw new Problem(404, "not_found", "no cut-over is open: there is nothing to cancel");
      const { id, status } = done(await giveUp(target, "cutovers", open, caller));
      return { id, status };
    },
  );

  app.post(
    "/v1/cutover/withdraw",
    { schema: contract["POST /v1/cutover/withdraw"] },
    async (request) => {
      const { id, status } = done(await withdraw(target, by(request, request.body.reason)));
      return { id, status };
    },
  );
}
