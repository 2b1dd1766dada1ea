/** The API of one test: on a ledger of its own, without a socket. */
import type { Pool } from "@nexus/shared/database";
import { type Log, openLog } from "@nexus/shared/telemetry";
import { freshLedger, seedRun, type TestContext } from "@nexus/shared/testing";
import type { Access } from "./access/guard.ts";
import { buildApp } from "./app.ts";
import { backupCommand } from "./runs/backup-command.ts";
import type { Deps } from "./deps.ts";
import type { Search } from "./search/open-search.ts";
import type { App } from "./server.ts";
import { statusOf } from "./metrics/status.ts";

/** What the API answered: its status, the type of its content and its JSON. */
interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: Record<string, unknown>;
}

export interface ApiUnderTest {
  readonly app: App;
  readonly target: Pool;
  get(url: string): Promise<Answer>;
  post(url: string, payload?: object): Promise<Answer>;
}

const entities: Deps["entities"] = [
  { name: "practices", parents: {} },
  { name: "profiles", parents: { practices: [] } },
  { name: "patients", parents: { profiles: ["practice_id"] } },
];

/** The entities of the small catalog that the API under test has, parents first. */
export const known = entities.map(({ name }) => name);

/** What would be scraped of an API on this target. */
export async function metricsOf(target: Pool): Promise<string> {
  const { metrics } = statusOf({
    target,
    transport: { ping: async () => {}, count: async () => 0 },
    entities,
    log: silent(),
  });
  return (await metrics()).text;
}

/** The API on a fresh ledger. */
export async function apiUnderTest(context: TestContext): Promise<ApiUnderTest> {
  const { target, url } = await freshLedger(context);
  return apiOn(target, url);
}

/** The API on some target. */
export function apiOn(
  target: Pool,
  url: string,
  ping = async () => {},
  search?: Search,
  access: Access = { tokens: [], requestsPerMinute: 100_000 },
  queues: Deps["queues"] = [],
): ApiUnderTest {
  const codes = `{"case_state":{}}`;
  const app = buildApp({
    target,
    transport: { ping, count: async () => 0 },
    entities,
    catalog: [],
    codes,
    backupCommand: backupCommand(url),
    search,
    access,
    queues,
    embeddings: true,
    dify: false,
    accounts: false,
    freshMs: 0,
    log: silent(),
  });
  const headers = { "x-nexus-actor": "sam@clinic" };
  return {
    app,
    target,
    get: async (url) => answerOf(await app.inject({ method: "GET", url })),
    post: async (url, payload) =>
      answerOf(await app.inject({ method: "POST", url, headers, ...(payload && { payload }) })),
  };
}

/** A running run: profiles complete, patients loading with a batch done (key 5 rejected), one queued and one failed. */
export function loadingRun(target: Pool): Promise<number> {
  return seedRun(target, {
    status: "running",
    entities: {
      profiles: { status: "complete" },
      patients: {
        status: "loading",
        batches: [{ status: "done", rejected: [5] }, { status: "queued" }, { status: "failed" }],
      },
    },
  });
}

function silent(): Log {
  const log = openLog("test");
  log.level = "silent";
  return log;
}

function answerOf(response: Awaited<ReturnType<App["inject"]>>): Answer {
  const type = response.headers["content-type"]?.toString().split(";")[0];
  return { status: response.statusCode, type, body: response.json() };
}
