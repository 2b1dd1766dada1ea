/** `npm run demo`: from nothing to a migrated sample, with the same services and variables as in production. */
import { untilOver, isClosed } from "@nexus/cli/progress";
import { type Client, openClient } from "@nexus/contract";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Servers } from "../services/index.ts";
import { openLog, supervise } from "../supervisor/index.ts";
import { type Embeddings, embeddingsLine, followEmbeddings } from "./embeddings.ts";
import {
  adoptionLines,
  adoptRows,
  foundLine,
  isKept,
  keptLine,
  LEFT,
  lookAgain,
} from "./half-filled.ts";
import { type DemoOptions, parseOptions, USAGE } from "./options.ts";
import {
  type Addresses,
  fill,
  type Filled,
  type Place,
  startDatabases,
  startServices,
} from "./stack.ts";
import { nextSteps, result } from "./summary.ts";

const out = process.stdout;

/** Then the supervisor ends us, and what fails on the way there is no news. */
let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => (interrupted = true));

const options = optionsOrExit();
if (options === "help") out.write(`${USAGE}\n`);
else await demo(options).then((code) => (process.exitCode = code), fail);

function optionsOrExit(): DemoOptions | "help" {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : "unusable options"}\n`);
    return process.exit(2);
  }
}

function fail(error: unknown): void {
  if (interrupted) return;
  process.stderr.write(`demo: ${error instanceof Error ? error.message : "failed"}\n`);
  process.exit(1);
}

async function demo(options: DemoOptions): Promise<number> {
  const place = openPlace();
  const startedAt = performance.now();
  out.write(
    `Three embedded databases start: the legacy one, the target, and the queue (log: ${place.folder}/log)\n`,
  );
  const servers = await startDatabases(place);
  const { sourceRows, halfFilled } = await fill(servers, options);
  out.write(
    `A sample legacy database of ${sourceRows.toLocaleString("en")} rows is made, the target is prepared\n`,
  );
  const addresses = await startServices(place, servers, options.loaders);
  const api = openClient({ url: addresses.api });
  const { runId, warnings } = await begin(api, halfFilled);
  for (const warning of warnings) out.write(`Note: ${warning}\n`);
  const progress = await untilOver({ url: addresses.api }, runId, {});
  const embeddings = await followEmbeddings(api, openLine());
  const seconds = (performance.now() - startedAt) / 1_000;
  const kept = halfFilled && (await lookAgain(servers.targetUrl, halfFilled));
  if (kept !== undefined) out.write(`${keptLine(kept)}\n`);
  out.write(nextSteps(progress, seconds));
  if (options.afterwards === "keep") await keep(addresses, servers);
  else await place.supervisor.stop();
  if (options.output === "json")
    out.write(`${JSON.stringify({ ...result(progress, seconds), embeddings, kept })}\n`);
  return isClosed(progress) && (kept === undefined || isKept(kept)) ? 0 : 1;
}

/** Starts the run. Of a half-filled target what is known is adopted before, and the others are left. */
async function begin(api: Client, halfFilled: Filled["halfFilled"]) {
  if (halfFilled === undefined) return await api.call("POST /v1/runs");
  out.write(`${foundLine(halfFilled)}\n`);
  const lines = adoptionLines(await adoptRows(api));
  out.write(
    `Its rows get the legacy keys of what they are, and keep their ids:\n${lines.join("\n")}\n`,
  );
  return await api.call("POST /v1/runs", { body: { leaveStrangers: LEFT } });
}

/** Says how far the embeddings are whenever that has changed by much. */
function openLine(): (embeddings: Embeddings) => void {
  let said: number | undefined;
  return (embeddings) => {
    const { status, items } = embeddings;
    if (status === "embedding" && said !== undefined && said - items.open < 5_000) return;
    said = items.open;
    out.write(`${embeddingsLine(embeddings)}\n`);
  };
}

/** A folder that goes with this process, and a supervisor that takes every child with it. */
function openPlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), "nexus-demo-"));
  const log = openLog(join(folder, "log"));
  const supervisor = supervise({
    onLost: (name) => {
      process.stderr.write(`demo: ${name} ended unexpectedly; the log is in ${folder}/log\n`);
      void supervisor.stop().then(() => process.exit(1));
    },
  });
  process.once("disconnect", () => void supervisor.stop().then(() => process.exit(1)));
  process.channel?.unref(); // A listener for `disconnect` alone would keep us for as long as our parent waits for us.
  process.once("exit", (code) => code === 1 || rmSync(folder, { recursive: true, force: true }));
  return { supervisor, folder, log };
}

async function keep({ api, metrics }: Addresses, { legacyUrl, targetUrl }: Servers): Promise<void> {
  out.write(
    `Everything keeps running until Ctrl-C.\n  dashboard ${api}/\n  API       ${api}/docs\n  metrics   ${metrics}\n  legacy    ${legacyUrl}\n  target    ${targetUrl}\n`,
  );
  await new Promise(() => undefined);
}
