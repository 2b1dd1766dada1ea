/** A call that was answered while its process stood still was paid: its answer is taken. Seen from a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { eventually } from "@nexus/shared/testing";
import { expect, it, onTestFinished } from "vitest";
import { bedrockEnvironment } from "./environment.ts";
import { startBedrock } from "./server.ts";

const TIMEOUT_MS = 2_000;

/** Once it is told that its call has come, it stands still for five times as long as a call may last; and prints how many numbers came of it. */
const CALLER = `
  const { openProvider } = await import(${JSON.stringify(import.meta.resolve("@nexus/shared/embedding"))});
  const provider = await openProvider({ provider: "bedrock", concurrency: 1, timeoutMs: ${TIMEOUT_MS} });
  const stand = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${5 * TIMEOUT_MS});
  process.stdin.once("data", () => setImmediate(stand)); // After it timers have their turn first, and answers then.
  console.log((await provider.embed("crown", new AbortController().signal)).vector.length);
  await provider.close();
  process.exit();
`;

it("does not count the time in which the process stood still", async () => {
  const server = await startBedrock({ latencyMs: TIMEOUT_MS / 2 });
  onTestFinished(() => server.close());
  const caller = spawn(
    process.execPath,
    ["--no-warnings", "--input-type=module", "--eval", CALLER],
    { env: { PATH: process.env["PATH"], ...bedrockEnvironment(server.url) } },
  );
  onTestFinished(() => void caller.kill("SIGKILL"));
  const [printed, ended] = [text(caller.stdout), once(caller, "exit")];
  await eventually(() => server.bill().calls, { until: (calls) => calls === 1, every: 20 });
  caller.stdin.write("stand still");
  expect([await printed, await ended]).toEqual(["1024\n", [0, null]]);
  expect(server.bill()).toMatchObject({ calls: 1, billed: 1 });
});
