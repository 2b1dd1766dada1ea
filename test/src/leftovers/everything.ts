/** One of each kind of process that tests start, for runs that end in every way. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, startPostgres, startRedis, startService } from "@nexus/shared/testing";
import { startDatabase } from "../embedded-stack.ts";
import { openBrowser } from "../dashboard/dashboard-under-test.ts";
import { isolation } from "../platform/container.ts";

const DEAF = `
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => undefined);
  console.log(JSON.stringify({ msg: "ready" }));
  setInterval(() => undefined, 1000);
`;

const folder = process.env["LEFT_OVER_FOLDER"] ?? mkdtempSync(join(tmpdir(), "nexus-left-over-"));

/** Starts all that this machine has, and says by a file that it runs: who started it. */
export async function startEverything(): Promise<void> {
  const main = join(folder, "deaf.mjs");
  writeFileSync(main, DEAF);
  const service = { name: "deaf", main, folder, env: {} };
  void runCommand("bash", ["-c", "sleep 600 & sleep 600"], {
    cwd: folder,
    env: { PATH: process.env["PATH"] },
  });
  await Promise.all([
    startPostgres(),
    startRedis(),
    startService(service),
    startService({
      ...service,
      name: "deaf as another user",
      command: [...isolation, process.execPath],
    }),
    startDatabase(folder, "embedded", "public"),
    openBrowser(),
  ]);
  writeFileSync(join(folder, "everything-runs"), String(process.pid));
}
