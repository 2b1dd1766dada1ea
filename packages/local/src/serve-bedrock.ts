/**
 * The stand-in for Amazon Bedrock as a process of its own:
 *
 *     node dist/serve-bedrock.js [--port N] [--host 127.0.0.1] [--schedule '{"requestsPerMinute":60,"latencyMs":80}']
 *
 * Prints `{"msg":"ready","port":…,"url":…}` as one line when it takes calls. `--schedule` is what `POST /schedule` takes.
 */
import { parseArgs } from "node:util";
import { type ScheduleChange, startBedrock } from "./bedrock/index.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    host: { type: "string", default: "127.0.0.1" },
    schedule: { type: "string", default: "{}" },
  },
});

const schedule: ScheduleChange = JSON.parse(values.schedule);
const server = await startBedrock({ ...schedule, port: Number(values.port), host: values.host });
process.on("SIGTERM", () => void server.close());
process.on("SIGINT", () => void server.close());
process.stdout.write(`${JSON.stringify({ msg: "ready", port: server.port, url: server.url })}\n`);
