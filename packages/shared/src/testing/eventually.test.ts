import { describe, expect, it } from "vitest";
import { eventually } from "./eventually.ts";

describe("eventually", () => {
  it("returns the first value that is the wanted one", async () => {
    let looks = 0;
    const value = await eventually(() => (looks += 1), { until: (n) => n === 3, every: 1 });
    expect(value).toBe(3);
    expect(looks).toBe(3);
  });

  it("waits for any value but false, where no condition is given", async () => {
    const answers = [false, false, "there"];
    expect(await eventually(() => answers.shift() ?? false, { every: 1 })).toBe("there");
  });

  it("treats an error as not yet, so that it can wait for an assertion", async () => {
    let looks = 0;
    await eventually(() => expect((looks += 1)).toBe(2), { every: 1 });
    expect(looks).toBe(2);
  });

  it("names the last value when the time is over", async () => {
    const waiting = eventually(() => ({ done: 4, of: 5 }), {
      until: ({ done, of }) => done === of,
      within: 30,
      every: 5,
    });
    await expect(waiting).rejects.toThrow(
      "did not hold within 30 ms; last value: { done: 4, of: 5 }",
    );
  });

  it("names the last error when the time is over, and keeps it as the cause", async () => {
    const cause = new Error("connection refused");
    const waiting = eventually(() => Promise.reject(cause), { within: 30, every: 5 });
    await expect(waiting).rejects.toThrow(
      expect.objectContaining({
        message: "did not hold within 30 ms; last error: connection refused",
        cause,
      }),
    );
  });

  it("waits on while something changes, however slowly", async () => {
    let looks = 0;
    const patience = { until: (n: number) => n === 10, within: 60, every: 1 };
    const value = await eventually(
      () => Math.floor((looks += 1) / 4),
      patience,
      () => looks * 10,
    );
    expect(value).toBe(10);
  });

  it("takes another error for a change, too", async () => {
    let looks = 0;
    const look = (): void => {
      looks += 1;
      if (looks < 20) throw new Error(looks < 10 ? "refused" : "starting up");
    };
    await eventually(look, { within: 120, every: 1 }, () => looks * 10);
    expect(looks).toBe(20);
  });

  it("gives up on a check that never returns", async () => {
    const waiting = eventually(() => new Promise(() => undefined), { within: 30 });
    await expect(waiting).rejects.toThrow("did not hold within 30 ms; no look came back");
  });
});
