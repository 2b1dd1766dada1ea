import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { withDeadline } from "./deadline.ts";

const never = () => new Promise<never>(() => undefined);

describe("a deadline", () => {
  it("gives up a call that listens to nothing", async () => {
    const call = withDeadline(new AbortController().signal, 5, never);
    await expect(call).rejects.toMatchObject({ kind: "retry", code: "ETIMEDOUT" });
  });

  it("ends a call at once, with its reason, when the caller's signal fires", async () => {
    const caller = new AbortController();
    const call = withDeadline(caller.signal, 60_000, never);
    caller.abort(new Error("shutting down"));
    await expect(call).rejects.toThrow("shutting down");
  });

  it("does not begin a call whose signal has fired", async () => {
    let begun = false;
    const call = withDeadline(AbortSignal.abort(new Error("over")), 60_000, async () => {
      begun = true;
    });
    await expect(call).rejects.toThrow("over");
    expect(begun).toBe(false);
  });

  it("leaves nothing on the caller's signal, which lives as long as the process", async () => {
    const { signal } = new AbortController();
    expect(await withDeadline(signal, 60_000, () => Promise.resolve(7))).toBe(7);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
