/** Where the doctor finds its patients: a source, a target, a queue and an API that are well, for a test to break. */
import { fileURLToPath } from "node:url";
import { makeSample } from "@nexus/local/sample";
import { nexusHere } from "@nexus/cli/nexus-here";
import { type ServiceName, serviceToRun } from "@nexus/local/services";
import { openPool, type Pool } from "@nexus/shared/database";
import {
  eventually,
  freshDatabase,
  freshRedis,
  freshTarget,
  redisAt,
  type ServiceProcess,
  spawnService,
  startService,
  type TestContext,
} from "@nexus/shared/testing";
import { z } from "zod";
import { startApiHere } from "../api-here.ts";

const PROGRAM = fileURLToPath(new URL("../../../packages/cli/dist/main.js", import.meta.url));

type Env = Readonly<Record<string, string>>;

const diagnosis = z.object({
  healthy: z.boolean(),
  findings: z.array(
    z.object({
      area: z.string(),
      state: z.string(),
      code: z.string(),
      says: z.string(),
      next: z.string().nullable(),
    }),
  ),
});

interface Diagnosis extends z.infer<typeof diagnosis> {
  readonly code: number | null;
  /** The codes of what is wrong, sorted. */
  readonly wrong: readonly string[];
}

interface Said {
  readonly code: number | null;
  readonly output: string;
}

export interface Ward {
  /** Sessions that do not call themselves ours. */
  readonly legacy: Pool;
  readonly target: Pool;
  readonly env: Env;
  start(service: ServiceName, env?: Env): Promise<ServiceProcess>;
  /** Runs `nexus` in this process; `line` is split at blanks. Resolves to its exit code and all that it wrote. */
  nexus(line: string, env?: Env): Promise<Said>;
  /** The same as a process of its own. */
  nexusProcess(line: string, env?: Env): Promise<Said>;
  /** `nexus doctor --json`; `env` replaces variables of its environment. */
  diagnose(env?: Env): Promise<Diagnosis>;
  flushQueue(): Promise<void>;
}

/** Everything of this test alone; `env` is added to the API's environment. */
export async function openWard(context: TestContext, env: Env = {}): Promise<Ward> {
  const legacyUrl = await freshDatabase(context, {
    name: "legacy_small",
    build: async (url) => void (await makeSample({ url, scale: 0.002, seed: 1, shape: "real" })),
  });
  const targetUrl = (await freshTarget(context)).options.connectionString ?? "";
  const servers = { legacyUrl, targetUrl, queueUrl: await freshRedis(context) };
  const start = async (service: ServiceName, more: Env = {}): Promise<ServiceProcess> => {
    const started = await startService(serviceToRun(service, servers, { ...FAST, ...more }));
    context.onTestFinished(async () => void (await started.kill()));
    return started;
  };
  const api = await startApiHere(context, servers, { ...FAST, ...env });
  const here: Env = {
    LEGACY_URL: legacyUrl,
    TARGET_URL: targetUrl,
    QUEUE_URL: servers.queueUrl,
    NEXUS_API_URL: api.url,
  };
  const nexus: Ward["nexus"] = async (line, more = {}) => {
    const { code, stdout, stderr } = await nexusHere(line.split(" "), { ...here, ...more });
    return { code, output: `${stdout}${stderr}`.trimEnd() };
  };
  const nexusProcess: Ward["nexusProcess"] = async (line, more = {}) => {
    const ran = spawnService({
      name: line,
      main: PROGRAM,
      args: line.split(" "),
      env: { ...here, ...more },
    });
    return { code: (await ran.exited).code, output: ran.output() };
  };
  return {
    legacy: strangerAt(context, legacyUrl),
    target: strangerAt(context, targetUrl),
    env: here,
    start,
    nexus,
    nexusProcess,
    diagnose: async (more) => {
      const { code, output } = await nexus("doctor --json", more);
      const found = diagnosis.parse(JSON.parse(output));
      const wrong = found.findings
        .filter(({ state }) => state === "wrong")
        .map((finding) => finding.code);
      return { code, ...found, wrong: wrong.sort() };
    },
    flushQueue: async () => await (await redisAt(servers.queueUrl)).clear(servers.queueUrl),
  };
}

const FAST = {
  TICK_MS: "50",
  IDLE_TICK_MS: "50",
  CARE_MS: "300",
  BATCH_ROWS: "50",
  API_PORT: "0",
  EMBEDDING_PROVIDER: "local",
};

function strangerAt(context: TestContext, url: string): Pool {
  const pool = openPool({ url, max: 2, name: "psql", onError: () => undefined });
  context.onTestFinished(() => pool.end());
  return pool;
}

/** Waits until a query of the target finds a row. */
export async function found(pool: Pool, sql: string): Promise<void> {
  await eventually(async () => ((await pool.query(sql)).rowCount ?? 0) > 0, { within: 40_000 });
}
