/**
 * One embedded database as a process of its own:
 *
 *     node dist/serve.js --data DIR [--port N] [--schema-search-path "app, public"] [--vector] [--statement-limit MS]
 *
 * Prints `{"port":…,"url":…}` as one line when it takes connections. SIGTERM and SIGINT close it; after kill -9
 * every acknowledged commit is still in DIR. It ends by itself, with 70, when the database stops answering.
 */
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { startWireServer } from "./wire/index.ts";
import { startWatchdog } from "./wire/watchdog.ts";

const EX_SOFTWARE = 70;

// WebAssembly is compiled once and not optimised later, which costs more than it saves: the demo at scale 0.05 takes 26 s of a processor, not 33.
setFlagsFromString("--liftoff-only");

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    port: { type: "string", default: "0" },
    "schema-search-path": { type: "string", default: "public" },
    vector: { type: "boolean", default: false },
    "statement-limit": { type: "string", default: "120000" },
  },
});

const server = await startWireServer({
  ...(values.data === undefined ? {} : { dataDir: values.data }),
  port: Number(values.port),
  searchPath: values["schema-search-path"],
  vector: values.vector,
  clock: startWatchdog(Number(values["statement-limit"])),
  onBroken(error) {
    process.stderr.write(`the database is lost: ${String(error)}\n`);
    process.exit(EX_SOFTWARE);
  },
});

let closing = false;
async function close(): Promise<void> {
  if (closing) return;
  closing = true;
  await server.close();
  process.exit(0);
}
process.on("SIGTERM", () => void close());
process.on("SIGINT", () => void close());
process.stdout.write(`${JSON.stringify({ port: server.port, url: server.url })}\n`);
