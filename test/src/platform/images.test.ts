/** What the images hold, and that the stack of docker-compose.yml migrates when it is started as the images start it. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { startBedrock } from "@nexus/local/bedrock";
import { serviceToRun } from "@nexus/local/services";
import {
  eventually,
  remark,
  type RunningStack,
  spawnService,
  stacksWithVectors,
} from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { embedded } from "../embedded-stack.ts";
import { compose } from "./compose.ts";
import { type BuildOutput, containerOf, deployAll, runToEnd, stop } from "./container.ts";
import { read } from "./files.ts";
import { deployed, type Image, images, runtimeStage } from "./images.ts";

const targets = [...images()].map(([target, image]) => ({ target, image }));
let output: BuildOutput;

beforeAll(async () => {
  output = await deployAll();
});
afterAll(() => output?.remove());

describe("Dockerfile", () => {
  it("pins Node 24 by digest, builds once and installs what the lock file says", () => {
    const text = read("Dockerfile");
    expect(text).toMatch(/^ARG NODE=node:24\.\d+\.\d+-bookworm-slim@sha256:[0-9a-f]{64}$/m);
    expect(text.match(/^FROM \S+ AS build$/gm)).toHaveLength(1);
    expect(read("docker/build.sh")).toContain("--frozen-lockfile");
    const pnpm = new Set([...scripts().matchAll(/pnpm@([\d.]+)/g)].map(([, version]) => version));
    expect([...pnpm], "one version of pnpm everywhere").toHaveLength(1);
  });

  it("makes images that run as nobody in particular and hold nothing that installs", () => {
    expect(runtimeStage()).toMatch(/^USER 1000:1000$/m);
    for (const tool of ["npm", "npx", "corepack", "yarn"])
      expect(runtimeStage()).toContain(`/usr/local/bin/${tool}`);
    expect(targets.map(({ image }) => image.package).sort()).toEqual([...deployed()].sort());
  });

  it.each(["extractor", "loader"] as const)(
    "starts the %s as package.json and tests do",
    (name) => {
      const options = new RegExp(`node (--\\S+) services/${name}`).exec(read("package.json"))?.[1];
      expect(images().get(name)?.options).toEqual([options]);
      const servers = { legacyUrl: "", targetUrl: "", queueUrl: "" };
      expect(serviceToRun(name, servers).env["NODE_OPTIONS"]).toBe(options);
    },
  );
});

function scripts(): string {
  return ["docker/build.sh", "docker/deploy.sh", "packages/local/bootstrap.mjs", ".ci/run"]
    .map(read)
    .join("\n");
}

describe.each(targets)("the image $target", ({ target, image }) => {
  it("holds production dependencies and built code, and nothing else", () => {
    const files = filesOf(image);
    const foreign = /\/node_modules\/(vitest|typescript|oxlint|oxfmt|knip|esbuild|@types)\//;
    const superfluous = /@nexus\/.*(\.test\.|\/dist\/testing\/)|\.tsbuildinfo$|\/\.env|\.d\.ts$/;
    expect(files.map(({ path }) => path).filter((path) => foreign.test(path))).toEqual([]);
    expect(files.map(({ path }) => path).filter((path) => superfluous.test(path))).toEqual([]);
    const megabytes = files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
    remark("measured", `image ${target}: ${megabytes.toFixed(1)} MB beside Node`);
    expect(megabytes).toBeGreaterThan(1);
    expect(megabytes).toBeLessThan(target === "local" ? 80 : 60);
  });
});

/** Regular files; links are not followed: pnpm's tree has each package once. */
function filesOf({ package: name }: Image) {
  return readdirSync(join(output.folder, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: path.slice(output.folder.length), bytes: statSync(path).size }));
}

const [stack = embedded] = stacksWithVectors();

describe(`the stack of docker-compose.yml, on ${stack.name}`, () => {
  let running: RunningStack;

  beforeAll(async () => {
    running = await stack.start();
  });
  afterAll(() => running?.stop());

  it("makes a sample, migrates it, embeds it, and ends at SIGTERM", async (context) => {
    const bedrock = await startBedrock();
    context.onTestFinished(() => bedrock.close());
    const services = compose({ SAMPLE_SCALE: "0.002" }).services;
    const start = (name: string) => {
      const { build, command, environment } = services[name] ?? {};
      const image = images().get(build?.target ?? "");
      if (image === undefined || environment === undefined)
        throw new Error(`${name} is not built here`);
      return containerOf(
        image,
        output,
        { ...environment, ...moved(environment, bedrock.url) },
        command,
      );
    };
    expect(await runToEnd(start("sample"))).toContain("projects");
    expect(await runToEnd(start("sample")), "a second start changes nothing").toContain(
      "unchanged",
    );
    await runToEnd(start("migrate"));
    const started = ["extractor", "loader", "embedder", "api"].map((name) =>
      spawnService(start(name)),
    );
    for (const service of started) context.onTestFinished(async () => void (await service.kill()));
    const ready = await Promise.all(
      started.map((one) => one.waitForLine({ msg: "ready" }, 60_000)),
    );
    for (const { metricsPort } of ready) await expectHealthy(Number(metricsPort));
    const api = `http://127.0.0.1:${Number(ready[3]?.["port"])}`;
    expect(
      (await fetch(api)).status,
      "the dashboard lies in the image (npm run build makes it)",
    ).toBe(200);
    await migrateAll(api);
    expect(bedrock.bill().calls).toBeGreaterThan(0);
    for (const service of started)
      expect(await stop(service), service.name).toMatchObject({ code: 0 });
  });

  /** Our servers instead of the names in the compose network; ports that are free here. */
  function moved(environment: Readonly<Record<string, string>>, bedrockUrl: string) {
    const here: Record<string, string> = {
      LEGACY_URL: running.legacyUrl,
      TARGET_URL: running.targetUrl,
      QUEUE_URL: running.queueUrl,
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME: bedrockUrl,
      METRICS_PORT: "0",
    };
    const known = Object.entries(here).filter(([name]) => name in environment);
    return {
      ...Object.fromEntries(known),
      ...("API_HOST" in environment ? { API_PORT: "0" } : {}),
    };
  }
});

async function expectHealthy(port: number): Promise<void> {
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

async function migrateAll(api: string): Promise<void> {
  const headers = { authorization: "Bearer development-only", "content-type": "application/json" };
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
