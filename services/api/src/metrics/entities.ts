/** Entities of the newest run: rows by outcome, batches by state, times. */
import type { EntityProgress } from "@nexus/shared/ledger";
import { isBlocked } from "@nexus/shared/states";
import { Gauge, type Registry } from "prom-client";

const OUTCOMES = ["loaded", "rejected", "parked", "excluded"] as const;
const CHANGES = ["inserted", "updated"] as const;

/** Returns what shows the progress of a run; entities that it does not have are 0. */
export function openEntityMetrics(
  register: Registry,
  entities: readonly string[],
): (progress: readonly EntityProgress[], waiting: Readonly<Record<string, number>>) => void {
  const gauges = entityGauges(register);
  return (progress, waiting) => {
    for (const entity of entities) {
      const one = progress.find((candidate) => candidate.entity === entity);
      showCounts(gauges, entity, one ?? NOT_THERE);
      showState(gauges, entity, one ?? NOT_THERE);
      gauges.waiting.set({ entity }, waiting[entity] ?? 0);
    }
  };
}

type Gauges = ReturnType<typeof entityGauges>;

function entityGauges(register: Registry) {
  const gauge = <L extends string>(
    name: string,
    help: string,
    ...labels: L[]
  ): Gauge<L | "entity"> =>
    new Gauge({ name, help, labelNames: ["entity", ...labels], registers: [register] });
  return {
    settled: gauge("nexus_entity_settled", "Whether an entity is complete or skipped."),
    blocked: gauge("nexus_entity_blocked", "Whether an entity is blocked and nobody waived that."),
    started: gauge(
      "nexus_entity_started_timestamp_seconds",
      "When an entity began to load; 0: not yet.",
    ),
    closed: gauge(
      "nexus_entity_settled_timestamp_seconds",
      "When an entity was settled; 0: not yet.",
    ),
    waiting: gauge(
      "nexus_entity_ready_batch_timestamp_seconds",
      "Since when the first batch that the queue was not offered could be loaded; 0: there is none.",
    ),
    expected: gauge("nexus_rows_expected", "Rows that the source held when they were planned."),
    read: gauge("nexus_rows_read", "Rows read from the source."),
    rows: gauge("nexus_rows", "Rows by their outcome; each row has one.", "outcome"),
    written: gauge("nexus_rows_written", "Loaded rows that changed the target.", "change"),
    gone: gauge("nexus_rows_gone", "Rows of the target whose key the source no longer has."),
    unchanged: gauge(
      "nexus_rows_unchanged",
      "Rows that a delta did not read, because they are as they were.",
    ),
    unforeseen: gauge(
      "nexus_rows_unforeseen",
      "Rejected rows whose reason nobody foresaw: beyond a limit the entity stops.",
    ),
    noted: gauge("nexus_rows_noted", "Loaded rows with a coded repair."),
    batches: gauge("nexus_batches", "Batches by their state.", "state"),
  };
}

function showCounts(gauges: Gauges, entity: string, one: Shown): void {
  gauges.expected.set({ entity }, one.expected);
  gauges.read.set({ entity }, one.read);
  gauges.noted.set({ entity }, one.noted);
  gauges.gone.set({ entity }, one.gone - one.goneDeleted);
  gauges.unchanged.set({ entity }, one.unchanged);
  gauges.unforeseen.set({ entity }, one.unforeseen);
  for (const outcome of OUTCOMES) gauges.rows.set({ entity, outcome }, one[outcome]);
  for (const change of CHANGES) gauges.written.set({ entity, change }, one[change]);
}

function showState(gauges: Gauges, entity: string, one: Shown): void {
  const { status, batches, batchesDone, batchesFailed, startedAt, settledAt } = one;
  gauges.settled.set({ entity }, status === "complete" || status === "skipped" ? 1 : 0);
  gauges.blocked.set({ entity }, isBlocked(one) ? 1 : 0);
  gauges.started.set({ entity }, seconds(startedAt));
  gauges.closed.set({ entity }, seconds(settledAt));
  gauges.batches.set({ entity, state: "done" }, batchesDone);
  gauges.batches.set({ entity, state: "failed" }, batchesFailed);
  gauges.batches.set({ entity, state: "open" }, batches - batchesDone - batchesFailed);
}

type Shown = Omit<
  EntityProgress,
  "entity" | "percent" | "loadMs" | "errorCode" | "rangesCompared" | "rangesEqual" | "readWhole"
>;

const NOT_THERE: Shown = {
  status: "waiting",
  waived: false,
  expected: 0,
  batches: 0,
  batchesDone: 0,
  batchesFailed: 0,
  read: 0,
  loaded: 0,
  inserted: 0,
  updated: 0,
  rejected: 0,
  parked: 0,
  excluded: 0,
  noted: 0,
  unforeseen: 0,
  gone: 0,
  gonePolicy: "report",
  goneArchived: 0,
  goneDeleted: 0,
  goneLeft: {},
  strangers: 0,
  adopted: 0,
  unchanged: 0,
  lossReason: null,
  lossColumn: null,
  startedAt: null,
  settledAt: null,
};

function seconds(instant: string | null): number {
  return instant === null ? 0 : Date.parse(instant) / 1_000;
}
