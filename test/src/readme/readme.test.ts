/** What README.md prints, typed as it is printed: by npm, in a fresh clone with an empty home, to its end. */
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { counts, makeSample } from "@nexus/local/sample";
import { withPool } from "@nexus/shared/database";
import { eventually, freePort, remark, type RunningStack, stacks } from "@nexus/shared/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { embedded } from "../embedded-stack.ts";
import { type Clone, freshClone, isRepository, type Typed } from "./clone.ts";
import { blockLines, proseCommands } from "./printed.ts";

/** What is printed, and what is typed for it: the same with a small sample, or with one file. */
const DEMO = "npm run demo -- --scale 0.01 --json";
const KEPT = "npm run demo -- --scale 0.01 --keep";
/** Of the databases that somebody moves: none of it is for a demo. */
const OWN_SETTINGS = {
  API_TOKENS: `ops:operator:${"0".repeat(64)}`,
  BACKUP: "pg_dump",
  EMBEDDING_PROVIDER: "bedrock",
  DIFY: "on",
  DIFY_API_URL: "http://127.0.0.1:1/v1",
  ACCOUNTS: "on",
  QUEUE_PREFIX: "own",
};
const HALF_FILLED = "npm run demo -- --scale 0.02 --half-filled --json";
const ONE_FILE = "npm test -- packages/shared/src/testing/eventually.test.ts";
const TYPED: Readonly<Record<string, string>> = {
  "npm run demo": DEMO,
  "npm run demo -- --scale 1": DEMO,
  "npm run demo -- --half-filled": HALF_FILLED,
  "--json": DEMO,
  "--keep": KEPT,
  "npm test": ONE_FILE,
};

/** The block "With your own databases", and how each of its lines ends: an exit code, or never. */
const OWN: Readonly<Record<string, number | "stays">> = {
  "npm run build": 0,
  "cp .env.example .env": 0,
  "npm run nexus -- preflight": 2,
  "npm run nexus -- migrate": 0,
  "npm run start:extractor & npm run start:loader & npm run start:loader & npm run start:embedder & npm run start:api &":
    "stays",
  "npm run nexus -- start --wait": 0,
  "npm run nexus -- doctor": 0,
};

/** Run by other tests, or measuring for minutes. */
const ELSEWHERE = [
  "docker compose up --build --wait",
  "npm run bench",
  "npm run bench:embeddings",
  "npm run bench:search",
  "npm run bench:api",
  "nexus report --signed-off", // test/src/evidence.test.ts
];

it("prints no command that no test types", () => {
  const known = [...Object.keys(TYPED), ...Object.keys(OWN), ...ELSEWHERE];
  expect(
    [...blockLines(), ...proseCommands()].filter((command) => !known.includes(command)),
  ).toEqual([]);
  expect(blockLines()).toEqual(["npm run demo", "npm test", ...Object.keys(OWN)]);
});

const place: { clone?: Clone } = {};
const typed: Typed[] = [];

beforeAll(() => {
  if (isRepository()) place.clone = freshClone();
  else remark("stack missing", "no git repository: nothing is typed in a fresh clone");
});
afterAll(() => place.clone?.remove());
afterEach(() => {
  for (const one of typed.splice(0)) one.clear();
});

function type(line: string, env: Readonly<Record<string, string>> = {}): Typed {
  if (place.clone === undefined) throw new Error("there is no clone");
  const one = place.clone.type(line, env);
  typed.push(one);
  return one;
}

// An archive of the sources, without its repository, cannot be cloned.
describe.skipIf(!isRepository())("a fresh clone", () => {
  it("shows the demo to its end: the sum closes, and no process is left", async () => {
    const demo = type(DEMO);
    expect(await demo.end(), demo.shell.output().slice(-2_000)).toMatchObject({ code: 0 });
    const result: unknown = JSON.parse(demo.shell.output().split("\n").at(-1) ?? "");
    expect(result).toMatchObject({
      closed: true,
      entities: { cases: { loaded: counts(0.01).projects, parked: 0 } },
    });
    expect(demo.left()).toEqual([]);
  });
  it("shows a half-filled target becoming whole, whatever is set for one's own databases: no id changes, nobody is taken for another or loaded twice", async () => {
    const ownSettings = join(place.clone?.folder ?? "", ".env");
    writeFileSync(
      ownSettings,
      Object.entries(OWN_SETTINGS)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(""),
    );
    onTestFinished(() => rmSync(ownSettings));
    const demo = type(HALF_FILLED, OWN_SETTINGS);
    expect(await demo.end(), demo.shell.output().slice(-2_000)).toMatchObject({ code: 0 });
    const result: unknown = JSON.parse(demo.shell.output().split("\n").at(-1) ?? "");
    const { users, offices } = counts(0.02);
    expect(result).toMatchObject({
      closed: true,
      entities: { practices: { loaded: offices }, profiles: { loaded: users } },
      kept: {
        practices: { idsGone: 0, mistaken: 0 },
        profiles: { idsGone: 0, mistaken: 0 },
        cases: { idsGone: 0, mistaken: 0 },
        projects: { idsGone: 0, mistaken: 0 },
      },
    });
    expect(demo.shell.output()).toMatch(/profiles: [1-9]\d* of 110 rows are known/);
  });
  it("keeps the demo until Ctrl-C", async () => {
    const demo = type(KEPT);
    await eventually(() => /Everything keeps running/.test(demo.shell.output()), {
      within: 120_000,
    });
    const dashboard = /dashboard (http\S+)/.exec(demo.shell.output())?.[1] ?? "";
    expect((await fetch(dashboard)).status).toBe(200);
    demo.signalGroup("SIGINT");
    await demo.end();
    await eventually(() => demo.left().length === 0);
    const log = /log: (\S+)\/log\)/.exec(demo.shell.output())?.[1] ?? "";
    expect(existsSync(log), "what it made goes with it").toBe(false);
  });
  it.each([
    ["SIGTERM to npm while the databases start", "SIGTERM", /Three embedded databases/],
    ["SIGKILL to npm in the middle of the run", "SIGKILL", /practices +(loading|complete)/],
  ] as const)("leaves no process behind after %s", async (_, signal, moment) => {
    const demo = type("npm run demo -- --scale 0.01");
    await eventually(() => moment.test(demo.shell.output()), { within: 120_000 });
    process.kill(demo.npm(), signal);
    await eventually(() => demo.left().length === 0, { within: 30_000 });
  });
  it("refuses what the demo does not know in one line", async () => {
    const demo = type("npm run --silent demo -- --sacle 1");
    expect(await demo.end()).toMatchObject({ code: 2 });
    expect(demo.shell.output()).toMatch(/^demo: .*--sacle.*$/);
  });
  it("tests one file", async () => {
    const test = type(ONE_FILE);
    expect(await test.end(), test.shell.output().slice(-2_000)).toMatchObject({ code: 0 });
    expect(test.shell.output()).toMatch(/[1-9]\d* passed, 0 failed, 0 skipped$/);
    expect(test.left()).toEqual([]);
  });
  it("migrates from and to databases of one's own, line by line", ownDatabases);
});

async function ownDatabases(): Promise<void> {
  const stack = stacks([embedded]).at(-1) ?? embedded;
  const running = await stack.start();
  try {
    await makeSample({ url: running.legacyUrl, scale: 0.005, seed: 1, shape: "real" });
    const settings = await settingsFor(running);
    const folder = place.clone?.folder ?? "";
    appendFileSync(join(folder, "packages/dashboard/index.html"), "<!-- changed -->");
    for (const [line, end] of Object.entries(OWN)) {
      // The shell of a user stays, too.
      const one = type(end === "stays" ? `${line} wait` : line);
      if (end !== "stays") expect((await one.end()).code, said()).toBe(end);
      if (line.startsWith("cp ")) fillIn(settings);
    }
    const page = readFileSync(join(folder, "packages/dashboard/dist/web/index.html"), "utf8");
    expect(page, "what has changed is built anew").toContain("<!-- changed -->");
    const services = typed.find(({ shell }) => shell.name.endsWith("& wait"));
    services?.signalGroup("SIGTERM");
    await eventually(() => services?.left().length === 0, { within: 30_000 });
  } finally {
    for (const one of typed) one.clear();
    await running.stop();
  }
}

/** What every line of the test has written, the last of it. */
function said(): string {
  return typed.map(({ shell }) => `${shell.name}\n${shell.output().slice(-2_000)}`).join("\n\n");
}

/** What a user changes in `.env`, and a port that nobody else has. */
async function settingsFor({ legacyUrl, targetUrl, queueUrl }: RunningStack): Promise<string[]> {
  const vectors = await withPool({ url: targetUrl, max: 1, name: "nexus-test" }, (target) =>
    target.query("select 1 from pg_available_extensions where name = 'vector'"),
  );
  const port = await freePort();
  return [
    `LEGACY_URL=${legacyUrl}`,
    `TARGET_URL=${targetUrl}`,
    `QUEUE_URL=${queueUrl}`,
    "LEGACY_POOL=1",
    "TARGET_POOL=2",
    `EMBEDDINGS=${vectors.rowCount === 0 ? "off" : "on"}`,
    "EMBEDDING_PROVIDER=local",
    `API_PORT=${port}`,
    `NEXUS_API_URL=http://127.0.0.1:${port}`,
  ];
}

/** The last line of a name wins. */
function fillIn(settings: readonly string[]): void {
  const file = join(place.clone?.folder ?? "", ".env");
  const names = settings.map((setting) => setting.split("=")[0] ?? "");
  const kept = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => !names.includes(line.split("=")[0] ?? ""));
  writeFileSync(file, [...kept, ...settings, ""].join("\n"));
}
