import { entities } from "@nexus/catalog";
import { backfill, difyProgress } from "@nexus/shared/ledger";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import { body, by, reason } from "../request.ts";
import type { App } from "../server.ts";

const progress = z.object({
  status: z.enum(["paused", "filling", "idle"]),
  pausedBecause: z.string().nullable(),
  datasets: z.int(),
  items: z.object({
    offered: z.int(),
    open: z.int(),
    indexing: z.int(),
    done: z.int(),
    empty: z.int(),
    failed: z.int(),
  }),
});
const backfillBody = body({
  scope: z.enum(["missing", "failed", "all"]).optional(),
  reason: reason.optional(),
});

/** `/v1/dify`: how far its knowledge bases are filled, and what is to be filled in beside the runs. */
export function difyRoutes(app: App, { target }: Pick<Deps, "target">): void {
  app.get("/v1/dify", { schema: { response: { 200: progress } } }, () => difyProgress(target));

  app.post(
    "/v1/dify/backfill",
    { schema: { body: backfillBody, response: { 200: z.object({ events: z.int(), items: z.int() }) } } },
    async (request) => {
      const { scope = "missing", reason = null } = request.body ?? {};
      const done = await backfill(target, entities, scope, by(request, reason), "dify");
      return done.kind === "backfilled" ? done : { events: 0, items: 0 };
    },
  );
}
