import { type ChildProcess, spawn } from "node:child_process";
import { dirname, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { GRACE_MS } from "./tether.ts";

/** A Node process to start. */
export interface ProcessSpec {
  readonly name: string;
  /** Path of the compiled JavaScript file. */
  readonly script: string;
  readonly args: readonly string[];
  /** All of its environment but what the system itself needs: nothing else is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether this line of its standard output says that it is ready. */
  readonly ready: (line: string) => boolean;
  /** Gets each line of its standard output and error. */
  readonly log: (line: string) => void;
}

/** How a process ended: its exit code, or the signal that ended it. */
export type Exit = number | NodeJS.Signals;

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  /** The line that said it is ready. */
  readonly readyLine: string;
  readonly exited: Promise<Exit>;
  /** SIGTERM, and SIGKILL after 5 s, to the process and what it started. Resolves when it has ended. */
  stop(): Promise<void>;
  /** SIGKILL at once, for when there is no time to wait. */
  kill(): void;
}

// A sibling in dist, also when this file itself is run from src by the tests.
const PRELOAD = new URL("../../dist/supervisor/tether-preload.js", import.meta.url);

/**
 * Starts a process, tied to this one (see tether.ts), and resolves when it is ready.
 *
 * @throws Error if it ends before.
 */
export async function startProcess(spec: ProcessSpec): Promise<RunningProcess> {
  const script = resolve(spec.script);
  const child = spawn(process.execPath, ["--import", PRELOAD.href, script, ...spec.args], {
    cwd: dirname(script),
    env: { ...ofTheSystem(), ...spec.env },
    // A group of its own: Ctrl-C in a terminal reaches only us, and we stop the others in order.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const exited = waitForExit(child);
  const readyLine = await Promise.race([
    waitUntilReady(child, spec),
    exited.then((exit) => ({ exit })),
  ]);
  const { pid } = child;
  // The number of a process that has ended may belong to another one: it is signalled no more.
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  if (typeof readyLine !== "string")
    throw new Error(`${spec.name} ended before it was ready: ${readyLine.exit}`);
  if (pid === undefined) throw new Error(`${spec.name} has no process id`);
  return {
    name: spec.name,
    pid,
    readyLine,
    exited,
    stop: async () => (isOver() ? undefined : await stopGroup(pid, exited)),
    kill: () => (isOver() ? undefined : signalGroup(pid, "SIGKILL")),
  };
}

/**
 * What a process needs of its surroundings. Settings of whoever started us, and a `.env` where he did, are meant for his own databases:
 * a demo must not load its sample into his Dify.
 */
function ofTheSystem(): NodeJS.ProcessEnv {
  const names = ["PATH", "HOME", "USER", "LANG", "TMPDIR", "TEMP", "TMP", "SystemRoot"];
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

async function waitForExit(child: ChildProcess): Promise<Exit> {
  const exit = new Promise<Exit>((resolve, reject) => {
    child.once("exit", (code, signal) => resolve(code ?? signal ?? 1));
    child.once("error", reject);
  });
  return exit;
}

function waitUntilReady(child: ChildProcess, spec: ProcessSpec): Promise<string> {
  eachLine(child.stderr, spec.log);
  return new Promise((resolve) => {
    eachLine(child.stdout, (line) => {
      spec.log(line);
      if (spec.ready(line)) resolve(line);
    });
  });
}

function eachLine(stream: Readable | null, use: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on("line", use);
}

async function stopGroup(pid: number, exited: Promise<Exit>): Promise<void> {
  signalGroup(pid, "SIGTERM");
  const force = setTimeout(() => signalGroup(pid, "SIGKILL"), GRACE_MS);
  await exited;
  clearTimeout(force);
}

/** A negative number addresses the group; one that has ended already is no error. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
