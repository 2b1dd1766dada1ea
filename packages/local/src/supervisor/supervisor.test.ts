import { fileURLToPath } from "node:url";
import { eventually } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { startProcess } from "./process.ts";
import { supervise } from "./supervisor.ts";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../dist/supervisor/fixtures/${name}.js`, import.meta.url));
/** SIGTERM has 5 s before SIGKILL follows. */
const PATIENCE = { within: 20_000, every: 50 };

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("a supervised process", () => {
  it.each(["SIGKILL", "SIGINT", "SIGTERM", "SIGUSR2"] as const)(
    "does not outlive a parent that gets %s",
    async (signal) => {
      const children: number[] = [];
      const parent = await startProcess({
        name: "parent",
        script: fixture("parent"),
        args: [],
        ready: (line) => line === "started",
        log: (line) => {
          if (line.startsWith("child ")) children.push(Number(line.slice("child ".length)));
        },
      });
      expect(children.map(isAlive)).toEqual([true, true]);
      process.kill(parent.pid, signal);
      await parent.exited;
      await eventually(() => expect(children.map(isAlive)).toEqual([false, false]), PATIENCE);
    },
  );

  it("is started again when it ends by itself, as often as allowed and with what it was told first", async () => {
    const lost: string[] = [];
    const pids: number[] = [];
    const supervisor = supervise({ onLost: (name, exit) => lost.push(`${name} ${exit}`) });
    await supervisor.start({
      name: "sleeper",
      script: fixture("sleeper"),
      args: ["willing"],
      argsAgain: () => ["stubborn"],
      restarts: 1,
      ready: (line) => line.startsWith("ready"),
      log(line) {
        if (line.startsWith("ready")) pids.push(Number(line.slice("ready ".length)));
      },
    });
    process.kill(pids[0] ?? 0, "SIGKILL");
    await eventually(() => expect(pids).toHaveLength(2), PATIENCE);
    expect(lost).toEqual([]);
    process.kill(pids[1] ?? 0, "SIGKILL");
    await eventually(() => expect(lost).toEqual(["sleeper SIGKILL"]), PATIENCE);
    await supervisor.stop();
  });

  it("that fails to start is an error with its name", async () => {
    const start = startProcess({
      name: "nothing",
      script: fixture("absent"),
      args: [],
      ready: () => false,
      log: () => undefined,
    });
    await expect(start).rejects.toThrow("nothing ended before it was ready: 1");
  });
});
