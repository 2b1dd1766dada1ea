import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import {
  type ServiceProcess,
  type ServiceSpec,
  spawnService,
  startService,
} from "../testing/service.ts";

const RUNTIME = new URL("../../dist/runtime/index.js", import.meta.url).href;
const CONFIG = new URL("../../dist/config/index.js", import.meta.url).href;

/** A service whose `start` has this body, as a real process. */
function service(
  context: TestContext,
  start: string,
  env: Record<string, string> = {},
): ServiceSpec {
  const folder = mkdtempSync(join(tmpdir(), "nexus-service-"));
  context.onTestFinished(() => rmSync(folder, { recursive: true }));
  const main = join(folder, "main.mjs");
  writeFileSync(
    main,
    `import { runService } from ${JSON.stringify(RUNTIME)};
     import { number, UnavailableError } from ${JSON.stringify(CONFIG)};
     await runService({
       name: "sample",
       variables: { SIZE: number(1, 9, { meaning: "a size", fallback: "5" }) },
       start: async (config, { log, closers }) => { ${start} },
     });`,
  );
  return { name: "sample", main, env };
}

const RUNS = `
  setInterval(() => undefined, 60_000);
  for (const name of ["pool", "worker"]) closers.push(name, async () => log.info({ closed: name }, "closed"));
  return { size: config.SIZE };`;
const HANGS = `
  setInterval(() => undefined, 60_000);
  closers.push("stuck", () => new Promise(() => undefined));
  return {};`;

/** The process in place of a shell's, which has put its output there. */
function onFullDisk(spec: ServiceSpec, redirected: string): ServiceSpec {
  return { ...spec, command: ["sh", "-c", `exec "$0" "$@" ${redirected}`, process.execPath] };
}

/** How it ended, if it did so within seconds. */
async function endedSoon(running: ServiceProcess, signal?: NodeJS.Signals): Promise<unknown> {
  if (signal !== undefined) void running.kill(signal);
  const late = new Promise((resolve) => setTimeout(() => resolve("still running"), 8_000));
  return await Promise.race([running.exited, late]).finally(() => void running.kill());
}

describe("a service process", () => {
  it("says that it is ready, and on SIGTERM closes in reverse and ends with 0", async (context) => {
    const running = await startService(service(context, RUNS, { SIZE: "7" }));
    expect(running.logs()).toContainEqual(
      expect.objectContaining({ msg: "ready", size: 7, level: "info" }),
    );
    expect(await running.kill("SIGTERM")).toEqual({ code: 0, signal: null });
    expect(running.logs().flatMap(({ closed }) => closed ?? [])).toEqual(["worker", "pool"]);
  });

  it("ends with 0 on SIGINT too", async (context) => {
    const running = await startService(service(context, RUNS));
    expect(await running.kill("SIGINT")).toEqual({ code: 0, signal: null });
  });

  it("ends with 2 and one line where its configuration is wrong", async (context) => {
    const running = spawnService(service(context, RUNS, { SIZE: "none" }));
    expect(await running.exited).toEqual({ code: 2, signal: null });
    expect(running.output()).toBe("SIZE must be a whole number from 1 to 9: a size");
  });

  it("ends with 2 and one line where its file of settings cannot be read", async (context) => {
    const spec = service(context, RUNS);
    mkdirSync(join(dirname(spec.main), ".env"));
    const running = spawnService(spec);
    expect(await running.exited).toEqual({ code: 2, signal: null });
    expect(running.output()).toMatch(/^\.env of the working directory cannot be read .*$/);
  });

  it("that fails to start closes what it has opened", async (context) => {
    const start = `closers.push("pool", async () => log.info({ closed: "pool" }, "closed"));
      throw new UnavailableError("no server answers");`;
    const running = spawnService(service(context, start));
    expect(await running.exited).toEqual({ code: 3, signal: null });
    expect(running.output()).toContain("no server answers");
    expect(running.logs()).toContainEqual(expect.objectContaining({ closed: "pool" }));
  });

  it("ends with 1 for a defect, and logs no value of it", async (context) => {
    const running = spawnService(service(context, `JSON.parse("{canary");`));
    expect(await running.exited).toEqual({ code: 1, signal: null });
    expect(running.logs()).toContainEqual(
      expect.objectContaining({ msg: "failed", level: "error" }),
    );
    expect(running.output()).not.toContain("canary");
  });

  it.for([
    ["a rejection", "void Promise.reject(canary);"],
    ["an exception", "setTimeout(() => { throw canary; });"],
    ["a value that is no error", "void Promise.reject(canary.detail);"],
    [
      "an error within an error",
      `void Promise.reject(new AggregateError([canary], "two of them"));`,
    ],
  ])(
    "ends with 1 for %s that nobody handles, and says its code only",
    async ([, start], context) => {
      const error = `const canary = Object.assign(new Error("canary of a row"), { name: "error", severity: "ERROR", code: "23505",
      detail: "Key (email)=(canary) already exists." });
      setInterval(() => undefined, 60_000); ${start} return {};`;
      const running = spawnService(service(context, error));
      expect(await running.exited).toEqual({ code: 1, signal: null });
      expect(running.logs()).toContainEqual(expect.objectContaining({ level: "fatal" }));
      expect(running.output()).not.toContain("canary");
    },
  );

  it("ends with 1 where something cannot be closed, but closes the rest", async (context) => {
    const start = `setInterval(() => undefined, 60_000);
      closers.push("pool", async () => log.info({ closed: "pool" }, "closed"));
      closers.push("broken", () => Promise.reject(new Error("it is stuck")));
      return {};`;
    const running = await startService(service(context, start));
    expect(await running.kill("SIGTERM")).toEqual({ code: 1, signal: null });
    expect(running.logs()).toContainEqual(expect.objectContaining({ closed: "pool" }));
  });

  it("ends at once with 1 at a second signal", async (context) => {
    const running = await startService(service(context, HANGS));
    const ended = running.kill("SIGTERM");
    await running.waitForLine({ msg: "stopping" });
    await running.kill("SIGTERM");
    expect(await ended).toEqual({ code: 1, signal: null });
  });

  it("loses no line to a reader that is slow, not even at its end", async (context) => {
    const start = `for (let n = 0; n < 2_000; n += 1) log.info({ n, more: "x".repeat(200) }, "line"); return {};`;
    const line = `"$0" "$@" | (sleep 0.5; cat)`;
    const spec = { ...service(context, start), command: ["sh", "-c", line, process.execPath] };
    const running = spawnService(spec);
    expect(await running.exited).toEqual({ code: 0, signal: null });
    expect(running.logs().flatMap(({ n }) => n ?? [])).toEqual([...Array(2_000).keys()]);
  });

  it.for([
    ["stops with 0", RUNS, 0],
    ["ends with 1 when its grace is over", HANGS, 1],
  ] as const)("whose log is on a full disk %s", async ([, start, code], context) => {
    const started = `process.stderr.write('{"msg":"started"}\\n');`;
    const env = { SHUTDOWN_GRACE_MS: "500" };
    const running = spawnService(onFullDisk(service(context, started + start, env), "> /dev/full"));
    await running.waitForLine({ msg: "started" });
    expect(await endedSoon(running, "SIGTERM")).toEqual({ code, signal: null });
  });

  it.for([
    ["for a defect", `JSON.parse("{");`, 1],
    [
      "for an error that nobody handles",
      `void Promise.reject(new Error("unhandled")); return {};`,
      1,
    ],
    ["where it cannot start", `throw new UnavailableError("no server answers");`, 3],
  ] as const)("ends %s where nothing that it writes is taken", async ([, start, code], context) => {
    const endless = `setInterval(() => undefined, 60_000); ${start}`;
    const spec = onFullDisk(service(context, endless), "> /dev/full 2> /dev/full");
    expect(await endedSoon(spawnService(spec))).toEqual({ code, signal: null });
  });

  it("ends with 1 when its grace is over", async (context) => {
    const running = await startService(service(context, HANGS, { SHUTDOWN_GRACE_MS: "200" }));
    const since = performance.now();
    expect(await running.kill("SIGTERM")).toEqual({ code: 1, signal: null });
    expect(performance.now() - since).toBeGreaterThan(150);
  });
});
