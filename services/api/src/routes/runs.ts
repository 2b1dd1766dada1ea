import { contract } from "@nexus/contract";
import { startRun } from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import { cancelRun, pauseRun, resumeRun } from "../control/control.ts";
import { type Deps, namesOf } from "../deps.ts";
import { pageOf, positionIn } from "../answers/page.ts";
import { Problem } from "../answers/problem.ts";
import { viewOf } from "../progress/progress.ts";
import { findRunFacts, listRuns } from "../queries/find-run.ts";
import { measureThroughput } from "../queries/measure-throughput.ts";
import { done } from "../answers/refusal.ts";
import { by } from "../access/caller.ts";
import type { App } from "../server.ts";
import { optionsOf, startedAnswer } from "../runs/started.ts";

const MOVES = { pause: pauseRun, resume: resumeRun, cancel: cancelRun } as const;

/** `/v1/runs` */
export function runRoutes(app: App, deps: Deps): void {
  const { target } = deps;

  app.post("/v1/runs", { schema: contract["POST /v1/runs"] }, async (request, reply) => {
    const { embeddings, dify, accounts, lossPercent, reason = null, ...rest } = request.body ?? {};
    const options = optionsOf(deps, { embeddings, dify, accounts, lossPercent });
    const order = { ...rest, ...options };
    const run = done(await startRun(target, order, by(request, reason), namesOf(deps)));
    failpoint("api.answering");
    return await reply.code(201).send(await startedAnswer(deps, run, options));
  });

  app.get("/v1/runs", { schema: contract["GET /v1/runs"] }, async ({ query }) => {
    const { limit = 100, cursor, status } = query;
    const found = await listRuns(target, { status, before: positionIn(cursor), limit: limit + 1 });
    return pageOf(found, limit, ({ id }) => id);
  });

  app.get("/v1/runs/:id", { schema: contract["GET /v1/runs/:id"] }, async ({ params: { id } }) => {
    const run = await findRunFacts(target, id);
    if (run === undefined) throw new Problem(404, "not_found", `there is no run ${id}`);
    return await viewOf(target, deps.entities, run);
  });

  app.get(
    "/v1/runs/:id/throughput",
    { schema: contract["GET /v1/runs/:id/throughput"] },
    async ({ params: { id } }) => {
      if ((await findRunFacts(target, id)) === undefined)
        throw new Problem(404, "not_found", `there is no run ${id}`);
      return await measureThroughput(target, id);
    },
  );
  moveRoutes(app, deps);
}

/** `/v1/runs/:id/pause` and its like. */
function moveRoutes(app: App, { target }: Deps): void {
  for (const verb of ["pause", "resume", "cancel"] as const)
    app.post(
      `/v1/runs/:id/${verb}`,
      { schema: contract[`POST /v1/runs/:id/${verb}`] },
      async (request) =>
        done(
          await MOVES[verb](target, request.params.id, by(request, request.body?.reason ?? null)),
        ),
    );
}
