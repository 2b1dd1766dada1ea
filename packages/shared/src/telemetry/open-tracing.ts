/** Switches tracing on where OpenTelemetry's own variables ask for it: the one place that loads its SDK. */
import { ConfigurationError } from "../config/failure.ts";
import type { Log } from "./log.ts";
import { traceWith } from "./tracing.ts";

const ENDPOINTS = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"] as const;
const PROTOCOLS = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"] as const;

/**
 * Traces this process if an endpoint is given, and neither `OTEL_SDK_DISABLED=true` nor `OTEL_TRACES_EXPORTER=none`.
 * Resolves to what sends the last spans. Throws `ConfigurationError` for what the SDK would silently replace by a default.
 */
export async function openTracing(
  service: string,
  log: Log,
  env: NodeJS.ProcessEnv = process.env,
): Promise<() => Promise<void>> {
  if (!isWanted(env)) return () => Promise.resolve();
  const { startTracing } = await import("./start-tracing.ts");
  const { tracing, close } = startTracing(service, log);
  traceWith(tracing);
  return close;
}

function isWanted(env: NodeJS.ProcessEnv): boolean {
  const endpoint = ENDPOINTS.find((name) => isSet(env, name));
  if (endpoint === undefined || env["OTEL_TRACES_EXPORTER"] === "none") return false;
  if (env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true") return false;
  if (!/^https?:\/\/./.test(env[endpoint] ?? ""))
    throw new ConfigurationError(`${endpoint} must look like http://collector:4318`);
  const protocol = PROTOCOLS.find((name) => isSet(env, name));
  if (protocol !== undefined && env[protocol] !== "http/protobuf")
    throw new ConfigurationError(
      `${protocol} must be http/protobuf, which every collector takes, on port 4318 as a rule`,
    );
  return true;
}

function isSet(env: NodeJS.ProcessEnv, name: string): boolean {
  return (env[name] ?? "") !== "";
}
