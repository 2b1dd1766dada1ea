/** The extractor's metrics, all of them. */
import { entities } from "@nexus/catalog";
import { openPoolMetrics, openRegistry, scrape } from "@nexus/shared/telemetry";
import { Gauge, Histogram } from "prom-client";

/** A registry of its own, with everything at 0. */
export function openMetrics() {
  const register = openRegistry();
  const registers = [register];
  const ticks = new Histogram({
    name: "nexus_tick_seconds",
    help: "Seconds of one look at the ledger, and of what it gave cause to: planning, offering, settling.",
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers,
  });
  const ticked = new Gauge({
    name: "nexus_tick_success_timestamp_seconds",
    help: "When this process last looked at the ledger without an error; 0: never.",
    registers,
  });
  const settles = new Histogram({
    name: "nexus_settle_seconds",
    help: "Seconds that it took to analyse, check and close an entity.",
    labelNames: ["entity"],
    buckets: [0.05, 0.25, 1, 5, 15, 60, 300],
    registers,
  });
  for (const { name } of entities) settles.zero({ entity: name });
  return {
    scrape: () => scrape(register),
    watchPool: openPoolMetrics(register, ["legacy", "target"]),
    /** Measures one tick. */
    timeTick: async <T>(tick: () => Promise<T>): Promise<T> => {
      const stop = ticks.startTimer();
      const result = await tick();
      stop();
      ticked.setToCurrentTime();
      return result;
    },
    settled: (entity: string, seconds: number): void => settles.observe({ entity }, seconds),
  };
}
