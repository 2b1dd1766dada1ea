/** How a process uses its connections. */
import type { Pool, PoolClient } from "pg";
import { Gauge, Histogram, type Registry } from "prom-client";

const STATES = ["used", "idle", "waiting"] as const;
const SECONDS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60];

type Server = "legacy" | "target";

/** Called with each pool that is opened. `server` is the label; `budget`: what that server gives to all services together, if it is known. */
export type WatchPool = (server: Server, pool: Pool, budget: number | undefined) => void;

/** Metrics of the pools to these servers; they are read when they are scraped. */
export function openPoolMetrics(register: Registry, servers: readonly Server[]): WatchPool {
  const pools = new Map<string, Pool>();
  const registers = [register];
  const used = new Histogram({
    name: "nexus_connection_use_seconds",
    help: "Seconds that a connection was taken from the pool: a statement, or a transaction.",
    labelNames: ["server"],
    buckets: SECONDS,
    registers,
  });
  const limit = new Gauge({
    name: "nexus_connections_limit",
    help: "Connections to a server that this process may open.",
    labelNames: ["server"],
    registers,
  });
  const given = new Gauge({
    name: "nexus_connections_budget",
    help: "Connections that a server gives to all services together (LEGACY_CONNECTIONS, TARGET_CONNECTIONS); 0: not said.",
    labelNames: ["server"],
    registers,
  });
  openGauge(register, servers, pools);
  for (const server of servers) {
    used.zero({ server });
    limit.set({ server }, 0);
    given.set({ server }, 0);
  }
  return (server, pool, budget = 0) => {
    pools.set(server, pool);
    limit.set({ server }, pool.options.max);
    given.set({ server }, budget);
    const since = new WeakMap<PoolClient, number>();
    pool.on("acquire", (client) => since.set(client, performance.now()));
    pool.on("release", (_error, client) => {
      const start = since.get(client);
      if (start !== undefined) used.observe({ server }, (performance.now() - start) / 1_000);
    });
  };
}

const CLOSED = { totalCount: 0, idleCount: 0, waitingCount: 0 };

function openGauge(
  register: Registry,
  servers: readonly Server[],
  pools: ReadonlyMap<string, Pool>,
): void {
  const gauge = new Gauge({
    name: "nexus_connections",
    help: "Connections by what they do; `waiting` are requests for one.",
    labelNames: ["server", "state"],
    registers: [register],
    collect: () => {
      for (const server of servers) {
        const { totalCount, idleCount, waitingCount } = pools.get(server) ?? CLOSED;
        const counts = { used: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
        for (const state of STATES) gauge.set({ server, state }, counts[state]);
      }
    },
  });
}
