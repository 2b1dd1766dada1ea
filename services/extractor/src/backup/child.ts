/** A child process that is given up as a whole: what it has started ends with it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** How it ended, and the end of what it said. */
interface Ended {
  /** Null: a signal ended it. */
  readonly code: number | null;
  /** Not to be kept or shown: it may quote rows. */
  readonly stderr: string;
}

/** A program that runs in a group of its own. */
export interface Child {
  readonly process: ChildProcess;
  /** Rejects where it could not be started. */
  readonly ended: Promise<Ended>;
  /** Ends it: by SIGTERM, and if that is not enough by SIGKILL. Resolves when it is gone. */
  readonly end: () => Promise<void>;
}

interface Spawn {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Which of its streams is ours beside the errors. */
  readonly ours: "stdin" | "stdout";
}

/** So much of its errors is read for what it means. */
const STDERR_KEPT = 16_384;

/** Milliseconds from SIGTERM to SIGKILL. */
const GRACE_MS = 2_000;

/** Starts it. */
export function startChild({ command, args, env, ours }: Spawn): Child {
  const child = spawn(command, args, {
    env,
    detached: true,
    stdio: ours === "stdin" ? ["pipe", "ignore", "pipe"] : ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stderr }));
  });
  ended.catch(() => undefined); // Whoever waits for it is told; before anybody does, it is nobody's rejection.
  return { process: child, ended, end: () => endGroup(child) };
}

async function endGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  signalGroup(child.pid, "SIGTERM");
  const force = setTimeout(() => signalGroup(child.pid, "SIGKILL"), GRACE_MS);
  await exited;
  clearTimeout(force);
}

/** The group is gone where its last process is. */
function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
