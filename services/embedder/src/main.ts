import { MessageChannel } from "node:worker_threads";
import { parseConfig } from "@nexus/shared/config";
import { type Closers, openStatus, runService } from "@nexus/shared/runtime";
import { variables } from "./config.ts";
import { openMetrics } from "./metrics.ts";

await runService({
  name: "embedder",
  variables,
  start: async (config, context) => {
    const facts = { embeddings: config.EMBEDDINGS, dify: config.DIFY };
    const metrics = openMetrics();
    if (config.EMBEDDINGS === "off" && config.DIFY === "off") stayReady(context.closers);
    // Not imported before it is wanted: a stage that is skipped loads nothing, and its variables are not read.
    if (config.DIFY === "on") {
      const [{ difyVariables }, { startDify }] = [
        await import("./dify/config.ts"),
        await import("./dify/start.ts"),
      ];
      await startDify(config, parseConfig(difyVariables, process.env), context, metrics);
    }
    if (config.EMBEDDINGS === "off") {
      const status = { checks: {}, metrics: metrics.scrape };
      return { ...facts, ...(await openStatus(status, config, context.closers)) };
    }
    const { startEmbedder } = await import("./start.ts");
    return { ...facts, ...(await startEmbedder(config, context, metrics)) };
  },
});

/** Keeps the process alive without a socket or a timer, so that whoever deploys it sees it ready, and switched off. */
function stayReady(closers: Closers): void {
  const { port1 } = new MessageChannel();
  port1.ref();
  closers.push("wait", async () => port1.close());
}
