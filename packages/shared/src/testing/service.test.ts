import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, describe, expect, it, vi } from "vitest";
import { findPostgres, findRedis } from "./binaries.ts";
import { eventually } from "./eventually.ts";
import { type ServiceSpec, spawnService, startService } from "./service.ts";

/** A service whose `main.js` is this text. */
function service(
  context: TestContext,
  text: string,
  env: Record<string, string> = {},
): ServiceSpec {
  const folder = mkdtempSync(join(tmpdir(), "nexus-service-"));
  context.onTestFinished(() => rmSync(folder, { recursive: true }));
  const main = join(folder, "main.mjs");
  writeFileSync(main, text);
  return { name: "sample", main, env };
}

const staysUp = `
  process.on("SIGTERM", () => { console.log(JSON.stringify({ msg: "stopping" })); process.exit(3); });
  console.log(JSON.stringify({ level: 30, msg: "ready", port: 1 }));
  console.error("to standard error");
  setInterval(() => undefined, 1000);
`;

describe("a service process", () => {
  it("is started once it says that it is ready", async (context) => {
    const running = await startService(service(context, staysUp));
    expect(running.logs()).toContainEqual({ level: 30, msg: "ready", port: 1 });
    await running.kill();
  });

  it("tells how it ended, and all that it wrote on both streams", async (context) => {
    const running = await startService(service(context, staysUp));
    expect(await running.kill("SIGTERM")).toEqual({ code: 3, signal: null });
    expect(running.output().split("\n").toSorted()).toEqual(
      ["to standard error", '{"level":30,"msg":"ready","port":1}', '{"msg":"stopping"}'].toSorted(),
    );
  });

  it("is killed at once where no signal is named", async (context) => {
    const running = await startService(service(context, staysUp));
    expect(await running.kill()).toEqual({ code: null, signal: "SIGKILL" });
    expect(await running.exited).toEqual({ code: null, signal: "SIGKILL" });
  });

  it("that has ended is signalled no more: its number may be another's by then", async (context) => {
    const running = await startService(service(context, staysUp));
    await running.kill("SIGTERM");
    const signalled = vi.spyOn(process, "kill");
    context.onTestFinished(() => signalled.mockRestore());
    expect(await running.kill()).toEqual({ code: 3, signal: null });
    expect(signalled).not.toHaveBeenCalled();
  });

  it("that ends before it is ready fails its start, with what it wrote", async (context) => {
    const start = startService(
      service(context, `console.error("TARGET_URL is missing"); process.exitCode = 2;`),
    );
    await expect(start).rejects.toThrow(
      'sample ended without {"msg":"ready"}:\nTARGET_URL is missing',
    );
  });

  it("that never says what is waited for is given up in time", async (context) => {
    const running = spawnService(service(context, staysUp));
    await expect(running.waitForLine({ msg: "done" }, 300)).rejects.toThrow(
      "has not written within 300 ms",
    );
    await running.kill();
  });

  it("gets no variables but its own", async (context) => {
    const text = `console.log(JSON.stringify({ msg: "ready", names: Object.keys(process.env).toSorted() }))`;
    const running = await startService(service(context, text, { TARGET_URL: "postgres://x" }));
    expect((await running.waitForLine({ msg: "ready" }))["names"]).toEqual(["PATH", "TARGET_URL"]);
    expect(await running.exited).toEqual({ code: 0, signal: null });
  });
});

/** Whether anybody answers at the host and port of a URL. */
function listens(url: unknown): Promise<boolean> {
  const { hostname, port } = new URL(String(url));
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/** Whether a process is there and not just a zombie that nobody has reaped. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return (
      !existsSync(`/proc/${pid}/stat`) || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))
    );
  } catch {
    return false;
  }
}

describe("the servers and services of a process that is killed with SIGKILL", () => {
  it("are gone soon after, and so are their folders", async (context) => {
    const room = new URL("../../dist/testing/index.js", import.meta.url).href;
    const inner = service(context, staysUp);
    if (!findPostgres() || !findRedis()) context.skip("no PostgreSQL or no Redis");
    const parent = await startService(
      service(
        context,
        `
      import { startPostgres, startRedis, startService } from ${JSON.stringify(room)};
      const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
      const service = await startService(${JSON.stringify(inner)});
      console.log(JSON.stringify({ msg: "ready", postgres: postgres.url, redis: redis.url, folder: postgres.folder, pid: service.pid }));
    `,
      ),
    );
    const { postgres, redis, folder, pid } = await parent.waitForLine({ msg: "ready" });
    await parent.kill("SIGKILL");
    await eventually(async () => !(await listens(postgres)) && !(await listens(redis)));
    await eventually(() => !existsSync(String(folder)));
    await eventually(() => !lives(Number(pid)));
  });
});
