/** `nexus` as people run it, and a real API for it to speak to. */
import { createHash, randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import type { Pool } from "@nexus/shared/database";
import { rollUpCounts } from "@nexus/shared/ledger";
import {
  freshRedis,
  freshTarget,
  runCommand,
  seedRun,
  startService,
  type TestContext,
} from "@nexus/shared/testing";
import { type Ended, nexusHere } from "./nexus-here.ts";

const PROGRAM = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const API = fileURLToPath(new URL("../../../services/api/dist/main.js", import.meta.url));

/** Runs the built program as a process, away from any `.env`, without a terminal. */
export async function nexusProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const options = { cwd: tmpdir(), env: { PATH: process.env["PATH"], ...env } };
  const { code, stdout, stderr } = await runCommand(process.execPath, [PROGRAM, ...args], options);
  return { code, stdout, stderr };
}

export interface ApiToCommand {
  readonly target: Pool;
  /** A command line without its program, split at blanks; it runs in this process. */
  run(line: string, env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** The same in a process of its own: for what runs beside others, or until it is ended. */
  runProcess(line: string): Promise<Ended>;
  /** The JSON that it prints with `--json`. Throws when it does not end with `code` (0 if left out). */
  json(line: string, code?: number): Promise<unknown>;
}

/** A real API on a migrated target of this test alone; `env` is added to its environment. */
export async function apiToCommand(
  context: TestContext,
  env: Readonly<Record<string, string>> = {},
): Promise<ApiToCommand> {
  const target = await freshTarget(context);
  const api = await startService({
    name: "api",
    main: API,
    env: {
      TARGET_URL: target.options.connectionString ?? "",
      QUEUE_URL: await freshRedis(context),
      API_PORT: "0",
      ...env,
    },
  });
  context.onTestFinished(async () => void (await api.kill()));
  const { port } = await api.waitForLine({ msg: "ready" });
  const here = { NEXUS_API_URL: `http://127.0.0.1:${String(port)}` };
  const run: ApiToCommand["run"] = (line, more = {}) =>
    nexusHere(line.split(" "), { ...here, ...more });
  return {
    target,
    run,
    runProcess: (line) => nexusProcess(line.split(" "), here),
    json: async (line, wanted = 0) => {
      const { code, stdout, stderr } = await run(`${line} --json`);
      if (code !== wanted) throw new Error(`nexus ${line} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout);
    },
  };
}

/** A token, and what `API_TOKENS` says of it. */
export function freshToken(
  name: string,
  role: string,
): { readonly token: string; readonly entry: string } {
  const token = randomBytes(32).toString("hex");
  return { token, entry: `${name}:${role}:${createHash("sha256").update(token).digest("hex")}` };
}

/** practices complete, profiles blocked by a failed batch and with exceptions, patients behind them. */
export async function blockedRun(target: Pool): Promise<number> {
  const runId = await seedRun(target, {
    status: "running",
    entities: {
      practices: { status: "complete", batches: [{ status: "done" }] },
      profiles: {
        status: "blocked",
        batches: [
          { status: "done", rejected: [3, 5], parked: [7] },
          { status: "failed", attempts: 5 },
        ],
      },
      patients: { status: "planned", batches: [{ status: "planned" }] },
    },
  });
  await rollUpCounts(target, runId, ["practices", "profiles", "patients"]);
  return runId;
}
