import { describe, expect, it } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { pause, startTicker } from "./ticker.ts";

describe("a ticker", () => {
  it("goes on after rounds that fail, and reports each", async () => {
    let rounds = 0;
    const errors: unknown[] = [];
    const ticker = startTicker({
      runOnce: async () => {
        rounds += 1;
        if (rounds % 2 === 1) throw new Error(`round ${rounds}`);
        return 0;
      },
      onError: (error) => errors.push(error),
      retryMs: 1,
    });
    await eventually(() => rounds >= 5);
    await ticker.stop();
    expect(errors.map(String).slice(0, 3)).toEqual([
      "Error: round 1",
      "Error: round 3",
      "Error: round 5",
    ]);
  });

  it("goes on after a round that throws before it returns a promise", async () => {
    const errors: unknown[] = [];
    const ticker = startTicker({
      runOnce: () => {
        throw new Error("at once");
      },
      onError: (error) => errors.push(error),
      retryMs: 1,
    });
    await eventually(() => errors.length >= 2);
    await ticker.stop();
  });

  it("stops after the round that is under way, not before, and starts no other", async () => {
    let finish = (): void => undefined;
    let rounds = 0;
    let aborted = false;
    const ticker = startTicker({
      runOnce: async (signal) => {
        rounds += 1;
        await new Promise<void>((resolve) => (finish = resolve));
        aborted = signal.aborted;
        return 0;
      },
      onError: () => undefined,
      retryMs: 1,
    });
    await eventually(() => rounds === 1);
    let stopped = false;
    const stopping = ticker.stop().then(() => (stopped = true));
    await pause(5, new AbortController().signal);
    expect(stopped).toBe(false);
    finish();
    await stopping;
    expect({ rounds, aborted }).toEqual({ rounds: 1, aborted: true });
  });

  it("does not sit out its wait when it is stopped", async () => {
    let rounds = 0;
    const ticker = startTicker({
      runOnce: async () => {
        rounds += 1;
        return 600_000;
      },
      onError: () => undefined,
      retryMs: 600_000,
    });
    await eventually(() => rounds === 1);
    await ticker.stop();
    expect(rounds).toBe(1);
  });
});
