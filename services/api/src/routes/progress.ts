import type { Deps } from "../deps.ts";
import { viewOf } from "../progress.ts";
import { findNewestRun } from "../queries/find-run.ts";
import { runView } from "../run-view.ts";
import type { App } from "../server.ts";

/** `/v1/progress`: the active run, or the newest. `run` is null before the first. */
export function progressRoute(app: App, { target, entities }: Deps): void {
  app.get("/v1/progress", { schema: { response: { 200: runView } } }, async () =>
    viewOf(target, entities, await findNewestRun(target)),
  );
}
