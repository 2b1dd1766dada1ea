import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tieToTestFile } from "./tie-to-test-file.ts";

/** How a process ended: its exit code, or the signal that ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process in a group of its own, with pipes to read what it writes. */
export interface GroupLeader {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves when it has ended, what it started in its group too, and all that they wrote has been read. Never rejects. */
  readonly exited: Promise<Exit>;
  /** Sends SIGKILL to the whole group, other users' processes among it: what is started by `unshare` or `su` has another leader. */
  killGroup(): void;
}

/** Starts a process in a group of its own. Neither it nor what it starts outlives the test file, or us. */
export function spawnGroup(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): GroupLeader {
  const child = spawn(command, args, {
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  child.on("error", () => undefined); // No pid then.
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} could not be started`);
  const { exited, killGroup } = watchGroup(child, pid);
  return { child, pid, exited, killGroup };
}

/** A number that has ended belongs to another process soon, where all of them are used up within minutes: it is signalled no more. */
function watchGroup(child: ChildProcess, pid: number): Pick<GroupLeader, "exited" | "killGroup"> {
  let over = false;
  const killGroup = (): void => (over ? undefined : signalGroup(pid));
  child.once("exit", () => {
    killGroup();
    over = true;
  });
  return { exited: exitOf(child, pid), killGroup };
}

/** `close` comes after `exit`, when the pipes have been read to their ends. */
async function exitOf(child: ChildProcess, pid: number): Promise<Exit> {
  const tied = tieToTestFile("SIGKILL");
  tied.hold(-pid);
  child.once("exit", () => tied.release());
  await once(child, "close");
  await tied.cut();
  return { code: child.exitCode, signal: child.signalCode };
}

/** A group of which nobody is left (ESRCH), or whose number belongs to others by now (EPERM), is no error. */
function signalGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && /^(ESRCH|EPERM)$/.test(String(error.code))))
      throw error;
  }
}
