/** Opens what the API stands on, and listens. */
import { entities, inDependencyOrder } from "@nexus/catalog";
import type { Config } from "@nexus/shared/config";
import { openTarget, requireReadableLedger } from "@nexus/shared/database";
import { CONTENT_QUEUE, loadQueueName, openQueue } from "@nexus/shared/queue";
import { type Context, openStatus } from "@nexus/shared/runtime";
import { requireTokensBeyondLoopback } from "./access/loopback.ts";
import { buildApp } from "./app.ts";
import { keepAudit } from "./audit/audit-retention.ts";
import { backupCommand } from "./runs/backup-command.ts";
import { readCodes } from "./runs/codes-file.ts";
import type { variables } from "./config.ts";
import type { App } from "./server.ts";
import { openSearch } from "./search/open-search.ts";
import { statusOf } from "./metrics/status.ts";

/** The ledger's counts are rolled up twice a second; what is shown is two seconds old at most, whoever asks. */
const FRESH_MS = 250;

type Settings = Config<typeof variables>;

/** Resolves to what the line "ready" says. */
export async function start(config: Settings, context: Context) {
  requireTokensBeyondLoopback(config.API_HOST, config.API_TOKENS);
  const deps = await open(config, context);
  const retention = keepAudit(deps.target, config.AUDIT_RETENTION_DAYS, context.log);
  context.closers.push("audit", () => retention.stop());
  const app = buildApp(deps);
  context.closers.push("server", () => app.close());
  const port = await listen(app, config.API_HOST, config.API_PORT, config.API_TOKENS.length);
  return {
    queue: deps.transport.kind,
    port,
    ...(await openStatus(statusOf(deps, config.TARGET_CONNECTIONS), config, context.closers)),
  };
}

async function open(config: Settings, context: Context) {
  const { log, closers } = context;
  const given = {
    codes: readCodes(config.CODES_FILE),
    backupCommand: backupCommand(config.TARGET_URL),
  };
  const target = openTarget(config, context);
  await requireReadableLedger(target);
  const transport = await openQueue(config, 0, context);
  const search = await openSearch(config, entities, target, (close) =>
    closers.push("embedding provider", close),
  );
  const queues = await transport.board([
    ...entities.map(({ name }) => loadQueueName(name)),
    CONTENT_QUEUE,
  ]);
  const access = {
    tokens: config.API_TOKENS,
    requestsPerMinute: config.API_REQUESTS_PER_MINUTE,
    trustedProxies: config.TRUST_PROXY,
  };
  const ordered = inDependencyOrder(entities);
  return {
    target,
    transport,
    entities: ordered,
    catalog: ordered,
    search,
    queues,
    access,
    freshMs: FRESH_MS,
    log,
    embeddings: config.EMBEDDINGS === "on",
    dify: config.DIFY === "on",
    accounts: config.ACCOUNTS === "on",
    lossPercent: config.LOSS_PERCENT,
    difyRetrievalKey: config.DIFY_RETRIEVAL_KEY,
    ...given,
  };
}

/** Listens, and says who can reach it. Resolves to the port. */
async function listen(app: App, host: string, port: number, tokens: number): Promise<number> {
  await app.listen({ host, port, listenTextResolver: () => "listening" });
  if (tokens === 0)
    app.log.warn(
      { host },
      "there are no tokens: whoever reaches this address commands the migration",
    );
  const [address] = app.addresses();
  return typeof address === "object" ? address.port : port;
}
