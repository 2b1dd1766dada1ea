/** However a run of the tests ends, what they started ends with it: servers, services, browsers, other users' processes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, type TestContext } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { ROOT } from "../platform/files.ts";
import { processesBelow, stillThere } from "./processes.ts";

const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");

describe.skipIf(process.platform !== "linux")("nothing is left over", () => {
  it.for([
    ["is killed while a test never gives the processor back", "spins", "SIGKILL"],
    ["is interrupted", "waits", "SIGINT"],
  ] as const)("of a run that %s", async ([, ending, signal], context) => {
    const run = await runThatEnds(context, ending);
    const everything = processesBelow(run.pid);
    process.kill(run.pid, signal);
    await run.ended;
    await eventually(() => expect(stillThere(everything)).toEqual([]), { within: 30_000 });
  });

  it("of a file whose hook runs out of time, while the run goes on", async (context) => {
    const run = await runThatEnds(context, "fails");
    const everything = processesBelow(run.pid);
    const ofTheFile = processesBelow(run.worker);
    expect(ofTheFile.length).toBeGreaterThan(0);
    await eventually(() => expect(stillThere(ofTheFile)).toEqual([]), { within: 60_000 });
    run.goOn();
    await run.ended;
    await eventually(() => expect(stillThere(everything)).toEqual([]), { within: 30_000 });
  });
});

interface EndingRun {
  /** Of vitest. */
  readonly pid: number;
  /** Of its process that runs the tests. */
  readonly worker: number;
  readonly ended: Promise<unknown>;
  /** Lets what waits for it end. */
  goOn(): void;
}

/** A run of the fixtures of one ending, once they have started everything. It ends when we do, by the channel between us. */
async function runThatEnds(context: TestContext, ending: string): Promise<EndingRun> {
  const folder = mkdtempSync(join(tmpdir(), "nexus-left-over-"));
  chmodSync(folder, 0o755); // Another user reads its script here.
  const args = [VITEST, "run", "--config", "test/src/leftovers/fixture.config.ts"];
  const vitest = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { PATH: process.env["PATH"], ENDING: ending, LEFT_OVER_FOLDER: folder },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let said = "";
  for (const stream of [vitest.stdout, vitest.stderr])
    stream?.on("data", (text) => (said += String(text)));
  const ended = once(vitest, "exit");
  context.onTestFinished(async () => {
    vitest.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const runs = join(folder, "everything-runs");
  await eventually(() => existsSync(runs) || vitest.exitCode !== null, { within: 90_000 });
  if (!existsSync(runs)) throw new Error(`the run ended before everything ran:\n${said}`);
  const worker = Number(readFileSync(runs, "utf8"));
  return {
    pid: vitest.pid ?? 0,
    worker,
    ended,
    goOn: () => writeFileSync(join(folder, "looked"), ""),
  };
}
