/** The API's metrics, all of them. Labels are entities of the catalog and words of this file. */
import type { Queryable } from "@nexus/shared/database";
import type { EntityProgress } from "@nexus/shared/ledger";
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { embeddingGauges } from "./embedding-gauges.ts";
import type { RunFacts } from "./queries/find-run.ts";

export interface Metrics {
  /** Shows the newest run. `undefined`: there is none. */
  show(run: RunFacts | undefined, progress: readonly EntityProgress[]): void;
  /** Reads and shows what embedding came to. */
  readUsage(ledger: Queryable): Promise<void>;
  /** Whether the ledger could be read. */
  ledgerRead(result: "read" | "unreadable"): void;
  /** What Prometheus scrapes. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** prom-client names these gauges like counters, which `promtool check metrics` refuses. */
const MISNAMED = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

/** A registry of its own. */
export function openMetrics(): Metrics {
  const register = new Registry();
  collectDefaultMetrics({ register });
  for (const name of MISNAMED) register.removeSingleMetric(name);
  const gauges = ledgerGauges(register);
  return {
    show: (run, progress) => {
      for (const gauge of Object.values(gauges)) gauge.reset();
      gauges.runActive.set(run !== undefined && isActive(run) ? 1 : 0);
      gauges.runPaused.set(run?.status === "paused" ? 1 : 0);
      if (run !== undefined) gauges.run.set(run.id);
      for (const one of progress) showEntity(gauges, one);
    },
    readUsage: embeddingGauges(register),
    ledgerRead: (result) => gauges.ledgerUp.set(result === "read" ? 1 : 0),
    text: () => register.metrics(),
    contentType: register.contentType,
  };
}

type Gauges = ReturnType<typeof ledgerGauges>;

function ledgerGauges(register: Registry) {
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]): Gauge<L> =>
    new Gauge({ name, help, labelNames, registers: [register] });
  return {
    ledgerUp: gauge("nexus_ledger_up", "Whether the ledger in the target could be read.", []),
    run: gauge("nexus_run_id", "The newest run, which all other figures speak of.", []),
    runActive: gauge("nexus_run_active", "Whether a run is planned, running or paused.", []),
    runPaused: gauge("nexus_run_paused", "Whether the run is paused.", []),
    settled: gauge("nexus_entity_settled", "Whether an entity is complete or skipped.", ["entity"]),
    blocked: gauge("nexus_entity_blocked", "Whether an entity is blocked and nobody waived that.", [
      "entity",
    ]),
    expected: gauge("nexus_rows_expected", "Rows that the source held when they were planned.", ["entity"]),
    read: gauge("nexus_rows_read", "Rows read from the source.", ["entity"]),
    rows: gauge("nexus_rows", "Rows by their outcome; each row has one.", ["entity", "outcome"]),
    written: gauge("nexus_rows_written", "Loaded rows that changed the target.", ["entity", "change"]),
    noted: gauge("nexus_rows_noted", "Loaded rows with a coded repair.", ["entity"]),
    batches: gauge("nexus_batches", "Batches by their state.", ["entity", "state"]),
  };
}

function isActive({ status }: RunFacts): boolean {
  return status === "planned" || status === "running" || status === "paused";
}

function showEntity(gauges: Gauges, one: EntityProgress): void {
  const { entity } = one;
  gauges.settled.set({ entity }, one.status === "complete" || one.status === "skipped" ? 1 : 0);
  gauges.blocked.set({ entity }, one.status === "blocked" && !one.waived ? 1 : 0);
  gauges.expected.set({ entity }, one.expected);
  gauges.read.set({ entity }, one.read);
  gauges.noted.set({ entity }, one.noted);
  for (const outcome of ["loaded", "rejected", "parked", "excluded"] as const)
    gauges.rows.set({ entity, outcome }, one[outcome]);
  for (const change of ["inserted", "updated"] as const) gauges.written.set({ entity, change }, one[change]);
  gauges.batches.set({ entity, state: "done" }, one.batchesDone);
  gauges.batches.set({ entity, state: "failed" }, one.batchesFailed);
  gauges.batches.set({ entity, state: "open" }, one.batches - one.batchesDone - one.batchesFailed);
}
