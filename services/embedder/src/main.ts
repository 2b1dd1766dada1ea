import { runService } from "@nexus/shared/runtime";
import { variables } from "./config.ts";
import { stayReady } from "./stay-ready.ts";

await runService({
  name: "embedder",
  variables,
  start: async (config, context) => {
    if (config.EMBEDDINGS === "off") return stayReady(context.closers);
    // Not imported before it is wanted: a stage that is skipped loads nothing.
    const { startEmbedder } = await import("./start.ts");
    return await startEmbedder(config, context);
  },
});
