import type { ChildProcess } from "node:child_process";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { eventually } from "./eventually.ts";
import { type Exit, spawnGroup } from "./own-group.ts";

/** A process of ours to run as it runs in production. */
export interface ServiceSpec {
  /** For error messages. */
  readonly name: string;
  /** Path of its built `main.js`. */
  readonly main: string;
  /** All of its environment but PATH: nothing else is passed on. */
  readonly env: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** How Node is called, if not as this process is: the command and its arguments before `main`. */
  readonly command?: readonly string[];
  /** The working directory, if not the folder of `main`. */
  readonly folder?: string;
}

/** A running process. Never outlives this one. */
export interface ServiceProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves when it has ended and all that it wrote is in `output()`. Never rejects. */
  readonly exited: Promise<Exit>;
  /** Everything it wrote so far, standard output and standard error, line by line as they came. */
  output(): string;
  /** Its log lines that are JSON objects. */
  logs(): readonly Readonly<Record<string, unknown>>[];
  /**
   * The first log line (JSON) whose members equal all of `members`, e.g. `{ msg: "ready" }`.
   *
   * @throws with the end of its output, if it has ended without that line or `within` ms (30,000 if left out) are over
   */
  waitForLine(
    members: Readonly<Record<string, unknown>>,
    within?: number,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Signals it and resolves when it has ended. SIGKILL if left out, which also goes to what it started in its group. */
  kill(signal?: NodeJS.Signals): Promise<Exit>;
}

/** Starts a service and waits for its line `{"msg":"ready"}`. */
export async function startService(spec: ServiceSpec): Promise<ServiceProcess> {
  const service = spawnService(spec);
  try {
    await service.waitForLine({ msg: "ready" });
    return service;
  } catch (cause) {
    await service.kill();
    throw cause;
  }
}

/** Starts a service and waits for nothing: for those that end before they are ready. */
export function spawnService(spec: ServiceSpec): ServiceProcess {
  const { name, main, env, args = [], command = [process.execPath], folder = dirname(main) } = spec;
  const [executable = "", ...options] = command;
  const { child, pid, exited, killGroup } = spawnGroup(executable, [...options, main, ...args], {
    env: { PATH: process.env["PATH"], ...env },
    cwd: folder, // Not ours: services read `.env` of their folder, and a developer's has no say in tests.
  });
  const lines = collectLines(child);
  let ended = false;
  void exited.then(() => (ended = true));
  const logs = () => lines.flatMap(parseLog);
  return {
    name,
    pid,
    exited,
    output: () => lines.join("\n"),
    logs,
    waitForLine: async (members, within = 30_000) => {
      const line = await eventually(
        () => {
          const over = ended;
          return logs().find((log) => matches(log, members)) ?? (over && "ended");
        },
        { within },
      ).catch(() => undefined);
      if (typeof line === "object") return line;
      const why = line === "ended" ? "ended without" : `has not written within ${within} ms`;
      throw new Error(`${name} ${why} ${JSON.stringify(members)}:\n${lines.slice(-20).join("\n")}`);
    },
    kill: async (signal = "SIGKILL") => {
      if (signal === "SIGKILL") killGroup();
      else if (!ended) child.kill(signal);
      return await exited;
    },
  };
}

function collectLines(child: ChildProcess): string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on("line", (line) => lines.push(line));
  }
  return lines;
}

function parseLog(line: string): Record<string, unknown>[] {
  if (!line.startsWith("{")) return [];
  try {
    const parsed: Record<string, unknown> = JSON.parse(line);
    return [parsed];
  } catch {
    return [];
  }
}

function matches(
  log: Readonly<Record<string, unknown>>,
  members: Readonly<Record<string, unknown>>,
): boolean {
  return Object.entries(members).every(([name, value]) => log[name] === value);
}
