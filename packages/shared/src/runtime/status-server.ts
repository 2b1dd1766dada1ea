/** What watchers ask of any service, on a port of its own: `/metrics`, `/healthz`, `/readyz`. */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { ConfigurationError } from "../config/failure.ts";
import { optionalNumber, text } from "../config/variables.ts";
import { type Answering, readinessOf } from "./readiness.ts";

/** The variables of every service that serves its status. */
export const statusVariables = {
  METRICS_PORT: optionalNumber(0, 65_535, {
    meaning:
      "the port of /metrics, /healthz and /readyz; 0 takes a free one, absent: they are not served",
  }),
  METRICS_HOST: text({
    meaning: "the address that METRICS_PORT is opened on",
    fallback: "127.0.0.1",
    danger: "no token is asked for there: open it to the scraper only",
  }),
};

/** Milliseconds. Node looks for requests that are late each half minute, if it is told nothing. */
const BOUNDS = {
  requestTimeout: 10_000,
  headersTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
};

export interface Status {
  /** What Prometheus scrapes. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** What must answer for the service to be ready, by name. */
  readonly checks: Readonly<Record<string, () => Promise<unknown>>>;
}

export interface StatusServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Opens the port. Throws `ConfigurationError` when it cannot be opened. */
export async function serveStatus(
  status: Status,
  host: string,
  port: number,
): Promise<StatusServer> {
  const server = createServer(BOUNDS, (request, response) => {
    void answer(status, request.method === "GET" ? request.url : undefined, response);
  });
  server.listen({ host, port });
  await once(server, "listening").catch((cause: unknown) => {
    throw new ConfigurationError(
      `METRICS_PORT: ${host}:${port} cannot be listened on: is it taken?`,
      {
        cause,
      },
    );
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  status: Status,
  url: string | undefined,
  response: ServerResponse,
): Promise<void> {
  switch (url?.split("?")[0]) {
    case "/metrics":
      return await metrics(status, response);
    case "/healthz":
      return json(response, 200, { status: "ok" });
    case "/readyz": {
      const states: Record<string, Answering> = await readinessOf(status.checks);
      return json(
        response,
        Object.values(states).every((state) => state === "ok") ? 200 : 503,
        states,
      );
    }
    case undefined:
    default:
      return json(response, 404, { code: "not_found" });
  }
}

async function metrics(status: Status, response: ServerResponse): Promise<void> {
  try {
    const { contentType, text } = await status.metrics();
    response.writeHead(200, { "content-type": contentType }).end(text);
  } catch {
    json(response, 500, { code: "internal" });
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
