/** For tests: a model that only counts. It knows any one minute of its own clock exactly, as a strict provider does. */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

export interface EndpointOptions {
  /** Infinity: not limited. */
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
  /** How many of its seconds pass in one of ours. */
  readonly clockSpeed: number;
  /** How long an answer takes, in our milliseconds: up to so many. */
  readonly latencyMs: number;
}

/** One call, in seconds of the endpoint's clock since its start. */
export interface Call {
  readonly at: number;
  readonly tokens: number;
  readonly admitted: boolean;
}

export interface Endpoint {
  readonly url: string;
  readonly calls: readonly Call[];
  /** Seconds of its clock since its start. */
  now(): number;
  /** From now on every call is throttled, or none without reason. */
  storm(rages: boolean): void;
  close(): Promise<void>;
}

/** Starts it on loopback: `POST /<tokens>` answers 200 or 429. */
export async function startEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const started = performance.now();
  const now = (): number => ((performance.now() - started) / 1000) * options.clockSpeed;
  const calls: Call[] = [];
  const admits = slidingMinute(options);
  let storm = false;
  const server = createServer((request, response) => {
    const at = now();
    const tokens = Number(request.url?.slice(1));
    const admitted = !storm && admits(at, tokens);
    calls.push({ at, tokens, admitted });
    void respond(response, admitted ? 200 : 429, Math.random() * options.latencyMs);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    now,
    storm: (rages) => void (storm = rages),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** Lets a call in if it and those let in during the 60 seconds before it are within the quota. */
function slidingMinute({ requestsPerMinute, tokensPerMinute }: EndpointOptions) {
  const log: { readonly at: number; readonly tokens: number }[] = [];
  let oldest = 0;
  let sum = 0;
  return (at: number, tokens: number): boolean => {
    for (let entry = log[oldest]; entry !== undefined && entry.at <= at - 60; entry = log[oldest]) {
      sum -= entry.tokens;
      oldest += 1;
    }
    if (log.length - oldest + 1 > requestsPerMinute || sum + tokens > tokensPerMinute) return false;
    log.push({ at, tokens });
    sum += tokens;
    return true;
  };
}

async function respond(response: ServerResponse, status: number, latencyMs: number): Promise<void> {
  await delay(latencyMs);
  response.writeHead(status).end();
}
