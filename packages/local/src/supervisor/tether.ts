/**
 * Ties a process to the one that started it: loaded with `node --import`, it ends the process when the pipe from
 * the parent closes, which the operating system does however the parent died, kill -9 included. First SIGTERM,
 * then SIGKILL. A thread of its own watches, because an embedded database blocks the main one while it works.
 */
import { Socket } from "node:net";
import { isMainThread, Worker, workerData } from "node:worker_threads";

/** The file descriptor of the pipe, in the child. */
const TETHER_FD = 3;
/** How long a process has to end by itself after SIGTERM, in milliseconds. */
export const GRACE_MS = 5_000;

const ROLE = "tether";

function watch(): void {
  const pipe = new Socket({ fd: TETHER_FD, readable: true, writable: false });
  pipe.on("error", () => pipe.destroy());
  pipe.on("close", () => {
    process.kill(process.pid, "SIGTERM");
    setTimeout(() => process.kill(process.pid, "SIGKILL"), GRACE_MS);
  });
  pipe.resume();
}

if (!isMainThread && workerData === ROLE) watch();

/** Called by tether-preload.ts in the child. */
export function tether(): void {
  if (isMainThread)
    new Worker(new URL(import.meta.url), { workerData: ROLE, execArgv: [] }).unref();
}
