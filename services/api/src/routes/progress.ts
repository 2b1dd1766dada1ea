import { contract } from "@nexus/contract";
import type { Deps } from "../deps.ts";
import { viewOf } from "../progress.ts";
import { findNewestRun } from "../queries/find-run.ts";
import type { App } from "../server.ts";

/** `/v1/progress`: the active run, or the newest. `run` is null before the first. */
export function progressRoute(app: App, { target, entities }: Deps): void {
  app.get("/v1/progress", { schema: contract["GET /v1/progress"] }, async () =>
    viewOf(target, entities, await findNewestRun(target)),
  );
}
