/** Dify: what is left to do there, and whether that is paused. What is done, the embedders count. */
import { Gauge, type Registry } from "prom-client";
import type { DifyWork } from "../queries/measure-dify.ts";

const REASONS = ["throttled", "unavailable", "stopped"] as const;
const STATES = ["offered", "open", "indexing"] as const;
const NOTHING: DifyWork = { offered: 0, oldest: null, open: 0, indexing: 0, paused: null };

/** Returns a function that sets the figures. Without work all are 0. */
export function openDifyMetrics(register: Registry): (work: DifyWork | undefined) => void {
  const registers = [register];
  const pending = new Gauge({
    name: "nexus_dify_pending_documents",
    help: "Content that is not in Dify as it should be: offered and not looked at, open, being indexed. Of the last two, 10,000 at most are counted.",
    labelNames: ["state"],
    registers,
  });
  const oldest = new Gauge({
    name: "nexus_dify_oldest_event_timestamp_seconds",
    help: "Since when the oldest content event waits that no consumer of Dify has taken in; 0: there is none.",
    registers,
  });
  const paused = new Gauge({
    name: "nexus_dify_paused",
    help: "Whether all consumers of Dify pause, and why.",
    labelNames: ["reason"],
    registers,
  });
  return (work = NOTHING) => {
    for (const state of STATES) pending.set({ state }, work[state]);
    oldest.set(work.oldest ?? 0);
    for (const reason of REASONS) paused.set({ reason }, work.paused === reason ? 1 : 0);
  };
}
