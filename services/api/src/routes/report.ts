import { contract } from "@nexus/contract";
import { inSnapshot } from "@nexus/shared/database";
import type { Deps } from "../deps.ts";
import { Problem } from "../answers/problem.ts";
import { findNewestRun, findRunFacts } from "../queries/find-run.ts";
import { buildReport } from "../report/build-report.ts";
import { acceptedFormat, SENT } from "../report/format.ts";
import type { App } from "../server.ts";

/** `/v1/report`: a run for its stakeholders. Everything in it is read from one state of the ledger. */
export function reportRoute(app: App, { target, entities }: Deps): void {
  app.get(
    "/v1/report",
    { schema: contract["GET /v1/report"] },
    async ({ query, headers }, reply) => {
      const { run: id, format = acceptedFormat(headers.accept) } = query;
      const report = await inSnapshot(target, async (tx) => {
        const run = id === undefined ? await findNewestRun(tx) : await findRunFacts(tx, id);
        if (run === undefined && id !== undefined)
          throw new Problem(404, "not_found", `there is no run ${id}`);
        return await buildReport(tx, entities, run);
      });
      const { type, render } = SENT[format];
      return await reply.type(type).header("vary", "accept").serializer(render).send(report);
    },
  );
}
