import { contract } from "@nexus/contract";
import { listBackups } from "@nexus/shared/ledger";
import type { Deps } from "../deps.ts";
import type { App } from "../server.ts";

/** Runs whose backups are listed, unless one is asked for. */
const RUNS = 20;

/** `/v1/backups` */
export function backupRoutes(app: App, { target }: Deps): void {
  app.get("/v1/backups", { schema: contract["GET /v1/backups"] }, async ({ query: { run } }) => {
    const found = await listBackups(target, run === undefined ? { limit: RUNS } : { runId: run });
    return { items: found.map((one) => ({ ...one, tables: [...one.tables] })) };
  });
}
