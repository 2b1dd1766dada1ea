import { describe, expect, it } from "vitest";
import { openSchedule } from "./schedule.ts";

describe("a schedule", () => {
  it("plays its steps one after the other, and then nothing", () => {
    const schedule = openSchedule({
      faults: [
        { fault: "throttled", calls: 2 },
        { fault: "none", calls: 1 },
        { fault: "reset", calls: 1 },
      ],
    });
    const played = Array.from({ length: 6 }, () => schedule.nextFault(0));
    expect(played).toEqual(["throttled", "throttled", "none", "reset", "none", "none"]);
  });

  it("ends a step by time, counted from its first call", () => {
    const schedule = openSchedule({
      faults: [{ fault: "throttled", forMs: 100 }, { fault: "internal" }],
    });
    const played = [5_000, 5_099, 5_100, 9_999].map((now) => schedule.nextFault(now));
    expect(played).toEqual(["throttled", "throttled", "internal", "internal"]);
  });

  it("hits only each so many-th call if asked to", () => {
    const schedule = openSchedule({ faults: [{ fault: "reset", every: 3 }] });
    const played = Array.from({ length: 6 }, () => schedule.nextFault(0));
    expect(played).toEqual(["none", "none", "reset", "none", "none", "reset"]);
  });

  it("changes what it is told and keeps the rest", () => {
    const schedule = openSchedule({ requestsPerMinute: 60, faults: [{ fault: "reset" }] });
    schedule.change({ latencyMs: 80 });
    expect(schedule.settings()).toMatchObject({ requestsPerMinute: 60, latencyMs: 80 });
    expect(schedule.nextFault(0)).toBe("reset");
    schedule.change({ faults: [] });
    expect(schedule.nextFault(0)).toBe("none");
  });
});
