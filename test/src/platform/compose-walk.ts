/** Starts what a file of docker compose names, in its order, each as its image would be; health checks included. */
import {
  eventually,
  runCommand,
  type RunningStack,
  type ServiceProcess,
  type ServiceSpec,
  spawnService,
} from "@nexus/shared/testing";
import { expect, onTestFinished } from "vitest";
import { z } from "zod";
import type { ComposeService } from "./compose.ts";
import { type BuildOutput, containerOf, stop } from "./container.ts";
import { images } from "./images.ts";

type Services = Readonly<Record<string, ComposeService>>;

/** Our servers instead of the names in the compose network. */
export interface Walk {
  readonly output: BuildOutput;
  readonly servers: RunningStack;
  readonly bedrockUrl: string;
}

/** What runs ahead of the others, until each of them ends. */
export interface Started {
  /** The API's address. */
  readonly api: string;
  /** Ends all by SIGTERM; each must end well. */
  stop(): Promise<void>;
}

/** How a service of the file is started here. `command` replaces its own. */
export function startOf(
  walk: Walk,
  services: Services,
  name: string,
  command?: readonly string[],
): ServiceSpec {
  const { build, environment, command: own } = services[name] ?? {};
  const image = images().get(build?.target ?? "");
  if (image === undefined || environment === undefined)
    throw new Error(`${name} is not built here`);
  return containerOf(
    image,
    walk.output,
    { ...environment, ...moved(walk, environment) },
    command ?? own,
  );
}

/** Starts the four services, and returns when each is ready by the check that the file says. */
export async function startServices(walk: Walk, services: Services): Promise<Started> {
  const names = ["extractor", "loader", "embedder", "api"];
  const started = names.map((name) => ({
    name,
    process: spawnService(startOf(walk, services, name)),
  }));
  for (const { process } of started) onTestFinished(async () => void (await process.kill()));
  let api = "";
  for (const { name, process } of started) {
    const { metricsPort, port } = await process.waitForLine({ msg: "ready" }, 60_000);
    await expectHealthy(Number(metricsPort), services[name]);
    if (name === "api") api = `http://127.0.0.1:${Number(port)}`;
  }
  return { api, stop: async () => await stopAll(started.map(({ process }) => process)) };
}

async function stopAll(processes: readonly ServiceProcess[]): Promise<void> {
  for (const process of processes)
    expect(await stop(process), process.name).toMatchObject({ code: 0 });
}

/** Ports that are free here. */
function moved({ servers, bedrockUrl }: Walk, environment: Readonly<Record<string, string>>) {
  const here: Record<string, string> = {
    LEGACY_URL: servers.legacyUrl,
    TARGET_URL: servers.targetUrl,
    QUEUE_URL: servers.queueUrl,
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: bedrockUrl,
    METRICS_PORT: "0",
  };
  const known = Object.entries(here).filter(([name]) => name in environment);
  return {
    ...Object.fromEntries(known),
    ...("API_HOST" in environment ? { API_PORT: "0" } : {}),
  };
}

async function expectHealthy(port: number, service: ComposeService | undefined): Promise<void> {
  const [kind, command = "", ...args] = service?.healthcheck?.test ?? [];
  expect(kind).toBe("CMD");
  const here = args.map((word) => word.replace(":9464/", `:${port}/`));
  const options = { cwd: "/", env: process.env };
  expect(await runCommand(command, here, options), "the health check").toMatchObject({ code: 0 });
  for (const [path, says] of [
    ["healthz", "ok"],
    ["readyz", "ok"],
    ["metrics", "process_cpu_seconds_total"],
  ]) {
    const answer = await fetch(`http://127.0.0.1:${port}/${path}`);
    expect([answer.status, await answer.text()]).toEqual([
      200,
      expect.stringContaining(says ?? ""),
    ]);
  }
}

/** Starts a run through the API, and returns when it is over and all is embedded. */
export async function migrateAll(api: string, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const begun = await fetch(`${api}/v1/runs`, { method: "POST", headers, body: "{}" });
  expect(begun.ok, await begun.text()).toBe(true);
  const get = async (path: string): Promise<unknown> =>
    (await fetch(`${api}${path}`, { headers })).json();
  await eventually(
    async () => ({
      run: runStatus.parse(await get("/v1/progress")).run?.status,
      items: itemCounts.parse(await get("/v1/embeddings")).items,
    }),
    {
      until: ({ run, items }) => run === "completed" && items.open === 0 && items.done > 0,
      within: 120_000,
      every: 250,
    },
  );
}

const runStatus = z.object({ run: z.object({ status: z.string() }).nullish() });
const itemCounts = z.object({ items: z.object({ open: z.number(), done: z.number() }) });
