/** Tracing is as OpenTelemetry's own variables say, and absent without them. Each case is seen from a process of its own. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CollectorServer, startCollector } from "./server.ts";

/** Answers one request, and prints what is loaded and open while it does. OpenTelemetry's API alone does nothing: prom-client loads it. */
const WITNESS = `
  import { createRequire } from "node:module";
  import { openLog, openTracing, requestTracing } from ${JSON.stringify(import.meta.resolve("@nexus/shared/telemetry"))};
  await import(${JSON.stringify(import.meta.resolve("@nexus/shared/queue"))});
  await import(${JSON.stringify(import.meta.resolve("@nexus/shared/ledger"))});
  const close = await openTracing("test", openLog("test"));
  const request = requestTracing()?.("GET", undefined);
  request?.end("/v1/progress", 200);
  const files = Object.keys(createRequire(${JSON.stringify(import.meta.url)}).cache);
  const open = process.getActiveResourcesInfo().filter((name) => /Timeout|TCP|TLS/.test(name));
  const started = performance.now();
  await close();
  const closedIn = performance.now() - started;
  const loaded = files.filter((file) => /node_modules.(@opentelemetry.(?!api.)|bullmq-otel.)[^@]*$/.test(file)).length;
  console.log(JSON.stringify({ traced: request !== undefined, loaded, open, closedIn }));
  process.exit(0);
`;

interface Seen {
  readonly traced: boolean;
  readonly loaded: number;
  readonly open: readonly string[];
  /** Milliseconds. */
  readonly closedIn: number;
}

async function witness(
  env: Readonly<Record<string, string>>,
): Promise<Seen & { readonly output: string }> {
  const args = ["--no-warnings", "--input-type=module", "--eval", WITNESS];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { PATH: process.env["PATH"], ...env },
  });
  const seen: Seen = JSON.parse(
    stdout.split("\n").find((line) => line.startsWith('{"traced"')) ?? "",
  );
  return { ...seen, output: stdout };
}

describe("tracing", () => {
  let collector: CollectorServer;
  let endpoint: { readonly OTEL_EXPORTER_OTLP_ENDPOINT: string };
  beforeEach(async () => {
    collector = await startCollector();
    endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  });
  afterEach(() => collector.close());

  it.each([
    ["without an endpoint", { OTEL_EXPORTER_OTLP_ENDPOINT: "" }],
    ["with OTEL_SDK_DISABLED", { OTEL_SDK_DISABLED: "true" }],
    ["with OTEL_TRACES_EXPORTER=none", { OTEL_TRACES_EXPORTER: "none" }],
  ])("is absent %s: no file of the SDK is loaded, nothing is open", async (_case, env) => {
    expect(await witness({ ...endpoint, ...env })).toMatchObject({
      traced: false,
      loaded: 0,
      open: [],
    });
    expect(collector.bytes()).toHaveLength(0);
  });

  it("is there with an endpoint, and would be seen", async () => {
    expect((await witness(endpoint)).loaded).toBeGreaterThan(10);
    expect(collector.spans()).toMatchObject([
      { service: "nexus-test", name: "GET /v1/progress", parentSpanId: "" },
    ]);
  });

  it("takes the endpoint of traces before the general one, as it is", async () => {
    await witness({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces`,
    });
    expect(collector.spans()).toHaveLength(1);
  });

  it("names service and resource as it is told", async () => {
    await witness({
      ...endpoint,
      OTEL_SERVICE_NAME: "lab",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=staging",
    });
    const [span] = collector.spans();
    expect(span?.resource).toMatchObject({
      "service.name": "lab",
      "deployment.environment.name": "staging",
    });
    expect(
      Object.keys(span?.resource ?? {}).filter((name) => /^(host|process)\./.test(name)),
    ).toEqual([]);
  });

  it("samples as it is told", async () => {
    await witness({ ...endpoint, OTEL_TRACES_SAMPLER: "always_off" });
    expect(collector.bytes()).toHaveLength(0);
  });

  it.each([
    [
      "grpc",
      { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
      "OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf",
    ],
    [
      "no address",
      { OTEL_EXPORTER_OTLP_ENDPOINT: "collector" },
      "OTEL_EXPORTER_OTLP_ENDPOINT must look like",
    ],
  ])(
    "does not start with %s, which the SDK would replace by a default",
    async (_case, env, says) => {
      await expect(witness({ ...endpoint, ...env })).rejects.toThrow(says);
    },
  );

  it("holds nobody up when the collector is away, and says so", async () => {
    const { closedIn, output } = await witness({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
    });
    expect(closedIn).toBeLessThan(4_000);
    expect(output).toMatch(
      /spans were not taken by the collector|has not taken the last spans in time/,
    );
  });
});
