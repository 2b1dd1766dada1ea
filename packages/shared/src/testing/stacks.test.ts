import { describe, expect, it } from "vitest";
import { postgresAt } from "./postgres-server.ts";
import { type Stack, stacks } from "./stacks.ts";

const given: Stack = { name: "given", start: () => Promise.reject(new Error("not started here")) };

describe("the stacks of this machine", () => {
  it("begin with those that were given", () => {
    expect(stacks([given])[0]?.name).toBe("given");
  });

  it("are not started before they are asked to", () => {
    expect(() => stacks([given])).not.toThrow();
  });
});

describe.each(stacks())("the stack $name", (stack) => {
  it("has two databases and a queue that a suite may break and mend", async (context) => {
    const running = await stack.start();
    context.onTestFinished(() => running.stop());
    const { targetUrl, legacyUrl, queueUrl } = running;
    expect(new Set([targetUrl, legacyUrl, queueUrl]).size).toBe(3);
    await running.database?.kill();
    await running.database?.restart();
    await running.queue?.restart();
    expect(running.madeOf).toContain((await postgresAt(targetUrl)).version);
  });
});
