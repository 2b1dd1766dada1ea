/** `npm run bench:api -- [--batches N] [--rate N] [--seconds N] [--json]`: GET /v1/progress of a large run, beside an empty handler. */
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { entities, inDependencyOrder } from "@nexus/catalog";
import { serviceToRun } from "@nexus/local/services";
import { withPool } from "@nexus/shared/database";
import { migrateTarget } from "@nexus/shared/ledger";
import { freePort, startPostgres, startService } from "@nexus/shared/testing";
import autocannon from "autocannon";

const { values } = parseArgs({
  options: {
    batches: { type: "string", default: "100000" },
    rate: { type: "string", default: "200" },
    seconds: { type: "string", default: "20" },
    json: { type: "boolean", default: false },
  },
});

const server = await startPostgres({ settings: {} });
if (!server.found) throw new Error(server.reason);
try {
  const url = await server.database("target");
  await fill(url, Number(values.batches));
  const servers = { legacyUrl: url, targetUrl: url, queueUrl: await server.database("queue") };
  const api = await startService(
    serviceToRun("api", servers, {
      API_PORT: "0",
      API_REQUESTS_PER_MINUTE: "1000000",
      EMBEDDINGS: "off",
    }),
  );
  const { port } = await api.waitForLine({ msg: "ready" });
  const empty = await emptyServer();
  const rows = [
    { what: "empty handler", ...(await measure(empty.url)) },
    {
      what: "GET /v1/progress",
      ...(await measure(`http://127.0.0.1:${String(port)}/v1/progress`)),
    },
  ];
  empty.close();
  await api.kill("SIGTERM");
  report(rows);
} finally {
  await server.stop();
}

/** A run in its middle: half of its batches done in the last minutes, 500 on offer, the rest planned. */
async function fill(url: string, batches: number): Promise<void> {
  await withPool({ url, max: 1, name: "nexus-bench" }, async (target) => {
    await migrateTarget({ target, entities });
    const names = inDependencyOrder(entities).map(({ name }) => name);
    await target.query(
      "insert into migration.runs (status, embeddings, started_at) values ('running', false, now() - interval '10 minutes')",
    );
    await target.query(
      `insert into migration.run_entities (run_id, entity, position, status, expected, batches, batches_done, read, loaded, load_ms, percent, started_at)
       select 1, entity, n, 'loading', $2::integer * 1000, $2, $2 / 2, $2 / 2 * 1000, $2 / 2 * 1000, $2 * 50, 50, now() - interval '10 minutes'
       from unnest($1::text[]) with ordinality as e (entity, n)`,
      [names, Math.ceil(batches / names.length)],
    );
    await target.query(
      `insert into migration.batches (run_id, entity, seq, after_key, to_key, expected, status, read, loaded, duration_ms, source_ms, queued_at, finished_at)
       select 1, entity, seq, seq * 1000, seq * 1000 + 1000, 1000,
         case when seq <= $2 / 2 then 'done' when seq <= $2 / 2 + 60 then 'queued' else 'planned' end,
         case when seq <= $2 / 2 then 1000 else 0 end, case when seq <= $2 / 2 then 1000 else 0 end, 100, 40, now(),
         case when seq <= $2 / 2 then now() + interval '1 minute' - seq * interval '600 s' / ($2 / 2) end
       from unnest($1::text[]) as entity, generate_series(1, $2::integer) as seq`,
      [names, Math.ceil(batches / names.length)],
    );
    await target.query("vacuum analyze migration.batches");
  });
}

async function emptyServer(): Promise<{ url: string; close: () => void }> {
  const port = await freePort();
  const empty = createServer((_, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => empty.listen(port, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${port}`, close: () => empty.close() };
}

interface Measured {
  readonly requests: number;
  readonly failed: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Warmed up first. Milliseconds. */
async function measure(url: string): Promise<Measured> {
  const load = { url, connections: 20, overallRate: Number(values.rate) };
  await autocannon({ ...load, duration: 3 });
  const { requests, latency, non2xx, errors } = await autocannon({
    ...load,
    duration: Number(values.seconds),
  });
  return {
    requests: requests.total,
    failed: non2xx + errors,
    p50: latency.p50,
    p99: latency.p99,
    max: latency.max,
  };
}

function report(rows: readonly (Measured & { what: string })[]): void {
  if (values.json) return void process.stdout.write(`${JSON.stringify(rows)}\n`);
  process.stdout.write(
    `${values.rate} requests a second for ${values.seconds} s over ${values.batches} batches, ms\n`,
  );
  for (const { what, requests, failed, p50, p99, max } of rows)
    process.stdout.write(
      `${what.padEnd(18)} ${requests} requests, ${failed} failed, p50 ${p50}, p99 ${p99}, max ${max}\n`,
    );
}
