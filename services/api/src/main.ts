import { entities, inDependencyOrder } from "@nexus/catalog";
import { openPool } from "@nexus/shared/database";
import { openTransport } from "@nexus/shared/queue";
import { runService } from "@nexus/shared/runtime";
import { buildApp } from "./app.ts";
import { backupCommand } from "./backup-command.ts";
import { readCodes } from "./codes-file.ts";
import { variables } from "./config.ts";
import { listen } from "./listen.ts";
import { openSearch } from "./open-search.ts";

await runService({
  name: "api",
  variables,
  start: async (config, { log, closers }) => {
    const onError = (error: Error): void => log.warn({ err: error }, "connection lost");
    const given = { codes: readCodes(config.CODES_FILE), backupCommand: backupCommand(config.TARGET_URL) };
    const target = openPool({ url: config.TARGET_URL, max: config.TARGET_POOL, name: "nexus-api", onError });
    closers.push("target", () => target.end());
    const queue = { url: config.QUEUE_URL, prefix: config.QUEUE_PREFIX, workers: 0, onError };
    const transport = await openTransport(queue);
    closers.push("queue", () => transport.close());
    const search = await openSearch(config, entities, target, (close) =>
      closers.push("embedding provider", close),
    );
    const known = { entities: inDependencyOrder(entities), search };
    const difyRetrievalKey = config.DIFY_RETRIEVAL_KEY;
    const app = buildApp({ target, transport, log, difyRetrievalKey, ...known, ...given });
    closers.push("server", () => app.close());
    return { queue: transport.kind, port: await listen(app, config.API_HOST, config.API_PORT) };
  },
});
