/** The demo as a new user meets it: it ends by itself with a closed sum, and Ctrl-C leaves nothing behind. */
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { counts } from "@nexus/local/sample";
import { eventually, type ServiceProcess, spawnService } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../../packages/local/dist/demo/main.js", import.meta.url));

describe("npm run demo", () => {
  it("migrates a sample, closes the sum and leaves no process behind", async () => {
    const { demo, left } = startDemo("--scale", "0.01", "--json");
    expect((await demo.exited).code, demo.output().slice(-2_000)).toBe(0);
    const result: unknown = JSON.parse(demo.output().split("\n").at(-1) ?? "");
    expect(result).toMatchObject({
      closed: true,
      entities: { cases: { loaded: counts(0.01).projects, parked: 0 } },
    });
    expect(left()).toEqual([]);
  });

  it.each([
    ["while the databases start", /Three embedded databases/],
    ["in the middle of the run", /practices +(loading|complete)/],
  ])("leaves no process behind when it is interrupted %s", async (_, moment) => {
    const { demo, left } = startDemo("--scale", "0.01");
    await eventually(() => moment.test(demo.output()), { within: 120_000 });
    await eventually(() => left().length > 0);
    expect((await demo.kill("SIGINT")).code).toBe(130);
    await eventually(() => left().length === 0);
  });

  it("leaves no process behind when it is killed", async () => {
    const { demo, left } = startDemo("--scale", "0.01");
    await eventually(() => /practices +(loading|complete)/.test(demo.output()), { within: 120_000 });
    await demo.kill("SIGKILL");
    await eventually(() => left().length === 0, { within: 20_000 });
  });

  it("refuses what it does not know in one line", async () => {
    const { demo } = startDemo("--sacle", "1");
    expect((await demo.exited).code).toBe(2);
    expect(demo.output()).toMatch(/^demo: .*--sacle.*$/);
  });
});

/** Every process of the demo inherits a marker in its environment, by which those left over are found. */
function startDemo(...args: string[]): { demo: ServiceProcess; left: () => string[] } {
  const marker = `NEXUS_TEST=${randomUUID()}`;
  const demo = spawnService({
    name: "demo",
    main,
    args,
    env: { NEXUS_TEST: marker.slice("NEXUS_TEST=".length) },
  });
  return { demo, left: () => pidsWith(marker).filter((pid) => pid !== String(demo.pid)) };
}

function pidsWith(marker: string): string[] {
  return readdirSync("/proc").filter((entry) => /^\d+$/.test(entry) && environmentOf(entry).includes(marker));
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}
