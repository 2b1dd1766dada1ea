import { spawn } from "node:child_process";
import { once } from "node:events";
import { untilFileEnds } from "./end-of-file.ts";

/** Sees to it that a process and its folder outlive neither the test file nor us, however we go: exit, crash or SIGKILL. */
export interface Tie {
  /** From now on this process is the one to end; a negative number is the group of that process, as for kill(2). */
  hold(pid: number): void;
  /** The process is gone by itself; the folder is still ours. */
  release(): void;
  /** Ends the process, removes the folder, and resolves when both are done. */
  cut(): Promise<void>;
}

/**
 * Reads process ids, one a line (blank = none). Our end of the pipe closes when we are gone, whatever the reason:
 * then the last one is signalled, waited for (5 s at most: an init that reaps nobody leaves zombies) and the folder removed.
 */
const watch = `
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then
  kill -s "$1" -- "$pid" 2>/dev/null
  turn=0
  while kill -s 0 -- "$pid" 2>/dev/null && [ $turn -lt 50 ]; do sleep 0.1; turn=$((turn + 1)); done
fi
[ -z "$2" ] || rm -rf "$2"
`;

/**
 * Starts a watcher in a session of its own, so that no signal to our group reaches it.
 *
 * @param signal what ends the held process: SIGQUIT, SIGKILL, …
 * @param folder removed at the end; left alone if undefined
 */
export function tieToTestFile(signal: "SIGKILL" | "SIGQUIT", folder?: string): Tie {
  const watcher = spawn("sh", ["-c", watch, "tether", signal.slice("SIG".length), folder ?? ""], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const gone = once(watcher, "exit");
  watcher.unref();
  watcher.stdin.on("error", () => undefined); // The watcher was killed: nothing left to tell it.
  const cut = async (): Promise<void> => {
    ended();
    watcher.ref();
    watcher.stdin.end();
    if (watcher.exitCode === null && watcher.signalCode === null) await gone;
  };
  const ended = untilFileEnds(cut);
  return {
    hold: (pid) => void watcher.stdin.write(`${pid}\n`),
    release: () => void watcher.stdin.write("\n"),
    cut,
  };
}
