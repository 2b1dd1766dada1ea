/** For tests: a pool of embedder processes that share one budget, against an endpoint with the same quota. */
import { fileURLToPath } from "node:url";
import { eventually } from "../../../testing/eventually.ts";
import { type ServiceProcess, startService } from "../../../testing/service.ts";
import type { BudgetOptions } from "../budget.ts";
import { type Call, type Endpoint, startEndpoint } from "./endpoint.fixture.ts";

export interface Scene {
  readonly processes: number;
  /** Calls at once, of each process. */
  readonly lanes: number;
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  /** Tokens of a call; a tenth more is estimated. */
  readonly tokens: number;
  /** How many seconds pass in one of ours. */
  readonly clockSpeed: number;
}

export interface Simulation {
  readonly endpoint: Endpoint;
  /** Resolves when so many seconds of the scene have passed. */
  pass(seconds: number): Promise<void>;
  stop(): Promise<void>;
}

const WORKER = fileURLToPath(
  new URL("../../../../dist/ledger/budget/pool/worker.fixture.js", import.meta.url),
);

/** Starts the endpoint and the processes; resolves when all of them work. */
export async function simulate(ledgerUrl: string, scene: Scene): Promise<Simulation> {
  const { requestsPerMinute, tokensPerMinute, clockSpeed } = scene;
  const endpoint = await startEndpoint({
    requestsPerMinute: requestsPerMinute ?? Infinity,
    tokensPerMinute: tokensPerMinute ?? Infinity,
    clockSpeed,
    latencyMs: 20,
  });
  const workers = await startWorkers(ledgerUrl, endpoint.url, scene);
  return {
    endpoint,
    pass: async (seconds) => {
      const until = endpoint.now() + seconds;
      await eventually(() => endpoint.now() >= until, { within: 120_000 });
    },
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.kill()));
      await endpoint.close();
    },
  };
}

async function startWorkers(
  ledgerUrl: string,
  endpointUrl: string,
  scene: Scene,
): Promise<ServiceProcess[]> {
  const { requestsPerMinute, tokensPerMinute, clockSpeed, lanes, tokens, processes } = scene;
  const budget: BudgetOptions = {
    model: "titan",
    requestsPerMinute,
    tokensPerMinute,
    usdPer1kTokens: 0.00002,
    capUsd: null,
    clockSpeed,
  };
  const work = { ledgerUrl, endpointUrl, lanes, estimate: Math.ceil(1.1 * tokens), tokens, budget };
  const env = { WORK: JSON.stringify(work) };
  return await Promise.all(
    Array.from({ length: processes }, () => startService({ name: "worker", main: WORKER, env })),
  );
}

export interface Use {
  /** Of the quota that comes first, over the time. */
  readonly used: number;
  /** Part of all calls. */
  readonly throttled: number;
  readonly calls: number;
}

/** What was made of the quota between two times of the endpoint's clock. */
export function use(calls: readonly Call[], scene: Scene, from: number, to: number): Use {
  const within = calls.filter(({ at }) => at >= from && at < to);
  const admitted = within.filter((call) => call.admitted);
  const minutes = (to - from) / 60;
  const requests = admitted.length / minutes / (scene.requestsPerMinute ?? Infinity);
  const tokens =
    admitted.reduce((sum, call) => sum + call.tokens, 0) /
    minutes /
    (scene.tokensPerMinute ?? Infinity);
  return {
    used: Math.max(requests, tokens),
    throttled: within.length === 0 ? 0 : (within.length - admitted.length) / within.length,
    calls: within.length,
  };
}
