/** `npm run bench:search -- [--vectors N] [--queries N] [--json]`: the search of the API over practices of very different sizes. */
import { parseArgs } from "node:util";
import { serviceToRun } from "@nexus/local/services";
import { startPostgres, startService } from "@nexus/shared/testing";
import { measure } from "./search-measure.ts";
import { searchReport } from "./search-report.ts";
import { fillTarget, indexVectors } from "./search-world.ts";

const { values } = parseArgs({
  options: {
    vectors: { type: "string", default: "150000" },
    queries: { type: "string", default: "400" },
    json: { type: "boolean", default: false },
  },
});

// 4 kB a vector, twice (table and index): the data should lie in memory, as on a server of this purpose.
const server = await startPostgres({
  settings: { shared_buffers: "2GB", maintenance_work_mem: "2GB", max_wal_size: "8GB" },
});
if (!server.found) throw new Error(server.reason);
try {
  const url = await server.database("target");
  const practices = await fillTarget(url, Number(values.vectors));
  const indexSeconds = await indexVectors(url);
  const servers = { legacyUrl: url, targetUrl: url, queueUrl: await server.database("queue") };
  const api = await startService(
    serviceToRun("api", servers, {
      EMBEDDING_PROVIDER: "local",
      API_PORT: "0",
      API_REQUESTS_PER_MINUTE: "1000000",
      TARGET_POOL: "2",
    }),
  );
  const { port } = await api.waitForLine({ msg: "ready" });
  const taken = await measure(
    url,
    `http://127.0.0.1:${String(port)}`,
    practices,
    Number(values.queries),
  );
  await api.kill("SIGTERM");
  process.stdout.write(
    searchReport({ madeOf: `PostgreSQL ${server.version}`, indexSeconds, ...taken }, values.json),
  );
} finally {
  await server.stop();
}
