/** Following a live source: how far behind the target is, and whether the source is spared. All is 0 while nothing is followed, but for why it is not. */
import { Gauge, type Registry } from "prom-client";
import type { SyncFigures } from "../queries/find-sync.ts";

/** Returns a function that renders the figures. Undefined: nothing was ever followed. */
export function openSyncMetrics(
  register: Registry,
  entities: readonly string[],
): (figures?: SyncFigures) => void {
  const registers = [register];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const lag = new Gauge({
    name: "nexus_sync_lag_seconds",
    help: "The age of what the target has certainly seen of an entity's source, while that is followed; where nothing was seen yet, since when it is followed.",
    labelNames: ["entity"],
    registers,
  });
  const interval = gauge(
    "nexus_sync_interval_seconds",
    "Seconds from the begin of a run to that of the next delta; 0: the source is not followed.",
  );
  const paused = gauge("nexus_sync_paused", "Whether deltas wait for the source to answer faster.");
  const source = gauge(
    "nexus_sync_source_seconds",
    "In which the source answered when it was looked at last.",
  );
  const stopped = gauge(
    "nexus_sync_stopped",
    "Whether following has ended with what a person must look at; 0 once the source is followed again, or the target was handed over.",
  );
  return (figures = NOTHING) => {
    for (const entity of entities) lag.set({ entity }, figures.lag[entity] ?? 0);
    interval.set(figures.everySeconds);
    paused.set(figures.paused ? 1 : 0);
    stopped.set(figures.needsPerson ? 1 : 0);
    source.set((figures.sourceMs ?? 0) / 1_000);
  };
}

const NOTHING: SyncFigures = {
  needsPerson: false,
  everySeconds: 0,
  paused: false,
  sourceMs: null,
  lag: {},
};
