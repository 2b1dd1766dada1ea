/**
 * A worker as a process of its own, for the tests to kill: `node worker-process.js <url> <queue> done|hold`.
 * Writes a line for each job that it takes; `hold` never finishes one.
 */
import { openTransport } from "@nexus/shared/queue";
import { quick } from "./settings.ts";

const [url = "", queue = "", how = "done"] = process.argv.slice(2);
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const transport = await openTransport({
  url,
  prefix: "suite",
  workers: 1,
  onError: () => undefined,
});
await transport.work(queue, quick, async (data) => {
  say({ msg: "took", data });
  if (how === "hold") await new Promise(() => undefined);
  return { kind: "done" };
});
say({ msg: "ready" });
