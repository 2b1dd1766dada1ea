/** A call that was answered while its process stood still was paid: its answer is taken. Seen from a process of its own. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { bedrockEnvironment } from "./environment.ts";
import { startBedrock } from "./server.ts";

const TIMEOUT_MS = 1_000;

/** Stands still for five times as long as a call may last, while one is under way, and prints how many numbers came of it. */
const CALLER = `
  const { openProvider } = await import(${JSON.stringify(import.meta.resolve("@nexus/shared/embedding"))});
  const provider = await openProvider({ provider: "bedrock", concurrency: 1, timeoutMs: ${TIMEOUT_MS} });
  const call = provider.embed("crown", new AbortController().signal);
  const stand = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${5 * TIMEOUT_MS});
  setTimeout(() => setImmediate(stand), ${TIMEOUT_MS / 5}); // After it timers have their turn first, and answers then.
  console.log((await call).vector.length);
  await provider.close();
`;

it("does not count the time in which the process stood still", async () => {
  const server = await startBedrock({ latencyMs: TIMEOUT_MS / 2 });
  onTestFinished(() => server.close());
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--no-warnings", "--input-type=module", "--eval", CALLER],
    { env: { PATH: process.env["PATH"], ...bedrockEnvironment(server.url) } },
  );
  expect(stdout.trim()).toBe("1024");
  expect(server.bill()).toMatchObject({ calls: 1, billed: 1 });
});
