import type { Config } from "../config/parse.ts";
import type { Closers } from "./closers.ts";
import { serveStatus, type Status, type statusVariables } from "./status-server.ts";

/** Serves the status of a service if `METRICS_PORT` is given. Resolves to facts for the line "ready". */
export async function openStatus(
  status: Status,
  { METRICS_PORT, METRICS_HOST }: Config<typeof statusVariables>,
  closers: Closers,
): Promise<{ readonly metricsPort?: number }> {
  if (METRICS_PORT === undefined) return {};
  const server = await serveStatus(status, METRICS_HOST, METRICS_PORT);
  closers.push("status", () => server.close());
  return { metricsPort: server.port };
}
