import { Worker } from "node:worker_threads";

declare global {
  var nexusEndsWithParent: Worker | undefined;
}

/** A thread of its own: a test that never gives the processor back could not look. The first parent is the one that counts. */
const watch = `
const parent = process.ppid;
setInterval(() => process.ppid === parent || process.kill(process.pid, "SIGKILL"), 500);
`;

/**
 * Ends this process when the one that started it has ended, however that went; else a test that hangs lives on with its servers.
 * They end with us: see tie-to-test-file.ts.
 */
export function endWithParent(): void {
  if (globalThis.nexusEndsWithParent) return;
  const thread = new Worker(watch, { eval: true, execArgv: [] });
  thread.unref();
  globalThis.nexusEndsWithParent = thread;
  process.once("disconnect", () => process.exit(1));
}
