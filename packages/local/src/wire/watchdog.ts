import { writeSync } from "node:fs";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { StatementClock } from "./backend.ts";

const CHECK_EVERY_MS = 1_000;
const IDLE = 0n;
const STDERR = 2;

/**
 * Kills this process with SIGKILL when a statement runs longer than `limit` milliseconds. A thread of its own
 * does it, because a running statement blocks the process's only other one, PGlite cannot be cancelled, and
 * `statement_timeout` has no effect on it. Acknowledged commits survive; a supervisor starts a new process.
 */
export function startWatchdog(limit: number): StatementClock {
  const startedAt = new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT));
  new Worker(new URL(import.meta.url), { workerData: { startedAt, limit } }).unref();
  return {
    started: () => Atomics.store(startedAt, 0, BigInt(Date.now())),
    ended: () => Atomics.store(startedAt, 0, IDLE),
  };
}

function watch(startedAt: BigInt64Array, limit: number): void {
  setInterval(() => {
    const since = Atomics.load(startedAt, 0);
    if (since === IDLE || Date.now() - Number(since) < limit) return;
    // A thread's process.stderr goes through the blocked one.
    writeSync(STDERR, `a statement ran longer than ${limit} ms: the database process ends\n`);
    process.kill(process.pid, "SIGKILL");
  }, CHECK_EVERY_MS);
}

if (!isMainThread && parentPort !== null) watch(workerData.startedAt, workerData.limit);
