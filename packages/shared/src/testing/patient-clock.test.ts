import { describe, expect, it } from "vitest";
import { paceOf, patientClock, type Work } from "./patient-clock.ts";

/** A machine whose processors were idle for these shares of each second, and the clock on it after as many seconds. */
function clockAfter(...idle: readonly number[]): number {
  let [time, done]: [number, Work] = [0, { idle: 0, total: 0 }];
  const now = (): number => time;
  const clock = patientClock(
    paceOf(() => done, now),
    now,
  );
  let counted = clock();
  for (const share of idle) {
    time += 1_000;
    done = { idle: done.idle + share * 2, total: done.total + 2 };
    counted = clock();
  }
  return counted;
}

describe("a patient clock", () => {
  it("goes at normal speed on an idle machine", () => {
    expect(clockAfter(1, 1, 1)).toBeCloseTo(3_000);
  });

  it("goes as fast as the processors are idle", () => {
    expect(clockAfter(1, 0.5, 0.25)).toBeCloseTo(1_750);
  });

  it("goes on where they never are: what only burns time is given up too", () => {
    expect(clockAfter(0, 0, 0)).toBeCloseTo(300);
  });
});
