import { fileURLToPath } from "node:url";
import {
  freshLedger,
  freshLogin,
  freshRedis,
  spawnService,
  startService,
} from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));

describe("the API as a process", () => {
  it("says its port, that anybody may command it, and ends at once when it is told to", async (context) => {
    const { url } = await freshLedger(context);
    const env = { TARGET_URL: url, QUEUE_URL: await freshRedis(context), API_PORT: "0" };
    const api = await startService({ name: "api", main, env });
    const { port } = await api.waitForLine({ msg: "ready" });
    const ready = await fetch(`http://127.0.0.1:${String(port)}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([200, { target: "ok", queue: "ok" }]);
    await api.waitForLine({ level: "warn", host: "127.0.0.1" });
    expect(await api.kill("SIGTERM")).toMatchObject({ code: 0 });
  });

  it("lists every variable that is wrong", async () => {
    const env = { TARGET_URL: "mysql://db", API_PORT: "high", TARGET_POL: "3" };
    const api = spawnService({ name: "api", main, env });
    expect(await api.exited).toMatchObject({ code: 2 });
    for (const name of ["TARGET_URL", "QUEUE_URL", "API_PORT", "TARGET_POL"])
      expect(api.output()).toContain(name);
  });

  it("ends with 2 when the ledger is of a role that it is not", async (context) => {
    const { url } = await freshLedger(context);
    const login = await freshLogin(context, url);
    const env = { TARGET_URL: login.href, QUEUE_URL: await freshRedis(context), API_PORT: "0" };
    const api = spawnService({ name: "api", main, env });
    expect(await api.exited).toMatchObject({ code: 2 });
    expect(api.output()).toMatch(/TARGET_URL \(.+\): schema migration belongs to role/);
  });

  it("ends with 3 when no queue answers", async () => {
    const env = { TARGET_URL: "postgres://127.0.0.1:1/target", QUEUE_URL: "redis://127.0.0.1:1" };
    const api = spawnService({ name: "api", main, env });
    expect(await api.exited).toMatchObject({ code: 3 });
    expect(api.output()).toContain("QUEUE_URL");
  });
});
