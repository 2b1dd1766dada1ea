/** What the images hold, and that what the files of docker compose name migrates when it is started as the images start it. */
import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type BedrockServer, startBedrock } from "@nexus/local/bedrock";
import { serviceToRun } from "@nexus/local/services";
import { remark, type RunningStack, stacksWithVectors } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embedded } from "../embedded-stack.ts";
import { compose, COMPOSE_FILES } from "./compose.ts";
import { buildAll, type BuildOutput, containerOf, runToEnd } from "./container.ts";
import { read } from "./files.ts";
import { migrateAll, startOf, startServices, type Walk } from "./compose-walk.ts";
import { deployed, type Image, images, runtimeStage } from "./images.ts";

const targets = [...images()].map(([target, image]) => ({ target, image }));
let output: BuildOutput;

beforeAll(async () => {
  output = await buildAll();
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
function filesOf(image: Image) {
  const folder = output.appOf(image);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: path.slice(folder.length), bytes: statSync(path).size }));
}

const built = process.env["NEXUS_IMAGES"] !== undefined;

// Only images that were built have a root: .ci/run builds them where buildah is, and says so where it is not.
describe.skipIf(!built).each(targets)("the built image $target", ({ image }) => {
  it("has nothing that installs, and runs as uid 1000 without capabilities on a root that cannot be written", async () => {
    const look = `
      const { existsSync, readFileSync, writeFileSync } = require("node:fs");
      let written = "written";
      try { writeFileSync("/app/written", ""); } catch (error) { written = error.code; }
      const tools = ["npm", "npx", "corepack", "yarn"].filter((one) => existsSync("/usr/local/bin/" + one));
      const status = readFileSync("/proc/self/status", "utf8");
      const capabilities = [...status.matchAll(/^Cap(?:Prm|Eff|Bnd):\\t([0-9a-f]+)$/gm)].map((one) => one[1]);
      writeFileSync("/tmp/written", "");
      console.log(JSON.stringify({ uid: process.getuid(), pid: process.pid, written, tools, capabilities, node: process.versions.node }));`;
    const spec = containerOf({ ...image, main: undefined, options: [] }, output, {}, []);
    const said = await runToEnd({ ...spec, main: "--eval", args: [look] });
    expect(JSON.parse(said)).toEqual({
      uid: 1000,
      pid: 1,
      written: "EROFS",
      tools: [],
      capabilities: ["0000000000000000", "0000000000000000", "0000000000000000"],
      node: /^ARG NODE=node:([\d.]+)/m.exec(read("Dockerfile"))?.[1],
    });
  });
});

const [stack = embedded] = stacksWithVectors();
const OPERATOR = "0f".repeat(32);

describe(`what docker compose starts, on ${stack.name}`, () => {
  let running: RunningStack;
  let bedrock: BedrockServer;
  let walk: Walk;

  beforeAll(async () => {
    running = await stack.start();
    bedrock = await startBedrock();
    walk = { output, servers: running, bedrockUrl: bedrock.url };
  });
  afterAll(async () => {
    await bedrock?.close();
    await running?.stop();
  });

  it("makes a sample, migrates it, embeds it, and ends at SIGTERM", async () => {
    const { services } = compose(COMPOSE_FILES.sample, "SAMPLE_SCALE=0.002");
    const sample = startOf(walk, services, "sample");
    expect(await runToEnd(sample)).toContain("projects");
    expect(await runToEnd(sample), "a second start changes nothing").toContain("unchanged");
    await runToEnd(startOf(walk, services, "migrate"));
    const started = await startServices(walk, services);
    expect(
      (await fetch(started.api)).status,
      "the dashboard lies in the image (npm run build makes it)",
    ).toBe(200);
    await migrateAll(started.api, "development-only");
    expect(bedrock.bill().calls).toBeGreaterThan(0);
    await started.stop();
  });

  it("migrates databases of one's own by what .env says, for who has a token of .env", async () => {
    const { services } = compose(COMPOSE_FILES.own, dotenv(walk));
    const nexus = async (...words: string[]) =>
      await runToEnd(startOf(walk, services, "nexus", words));
    expect(await nexus("preflight")).toContain("ready");
    await runToEnd(startOf(walk, services, "migrate"));
    const started = await startServices(walk, services);
    const known = { authorization: "Bearer development-only" };
    expect((await fetch(`${started.api}/v1/progress`, { headers: known })).status).toBe(401);
    await migrateAll(started.api, OPERATOR);
    await started.stop();
  });
});

/** `.env.example`, filled in as its comments say. */
function dotenv({ servers, bedrockUrl }: Walk): string {
  const hash = createHash("sha256").update(OPERATOR).digest("hex");
  const filled: Readonly<Record<string, string>> = {
    LEGACY_URL: servers.legacyUrl,
    TARGET_URL: servers.targetUrl,
  };
  const text = Object.entries(filled).reduce(
    (before, [name, value]) => before.replace(new RegExp(`^${name}=.*$`, "m"), `${name}=${value}`),
    read(".env.example"),
  );
  return [
    text,
    `API_TOKENS=ops:operator:${hash}`,
    `AWS_ENDPOINT_URL_BEDROCK_RUNTIME=${bedrockUrl}`,
    "AWS_REGION=us-east-1\nAWS_ACCESS_KEY_ID=stand-in\nAWS_SECRET_ACCESS_KEY=stand-in",
  ].join("\n");
}
