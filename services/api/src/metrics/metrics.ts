/** The API's metrics, all of them. Labels are entities of the catalog and words of these files. */
import type { EntityProgress } from "@nexus/shared/ledger";
import { openPoolMetrics, openRegistry, scrape, type WatchPool } from "@nexus/shared/telemetry";
import { Gauge } from "prom-client";
import { openAccountMetrics } from "./accounts.ts";
import { openDifyMetrics } from "./dify.ts";
import { type EmbeddingFigures, openEmbeddingMetrics } from "./embedding.ts";
import { openEntityMetrics } from "./entities.ts";
import { openQueueMetrics, type QueueFigures } from "./queues.ts";
import { openSyncMetrics } from "./sync.ts";
import type { SyncFigures } from "../queries/find-sync.ts";
import type { AccountFigures } from "../queries/measure-accounts.ts";
import type { DifyWork } from "../queries/measure-dify.ts";
import type { RunFacts } from "../queries/find-run.ts";

/** What the ledger and the queue say at one moment. */
export interface Figures extends QueueFigures {
  /** Seconds since a run that should move has moved; 0: it moves. */
  readonly stalledSeconds: number;
  /** `undefined`: there is none. */
  readonly run: RunFacts | undefined;
  readonly progress: readonly EntityProgress[];
  readonly embedding: EmbeddingFigures | undefined;
  readonly dify: DifyWork | undefined;
  /** `undefined`: no run has asked for any. */
  readonly accounts: AccountFigures | undefined;
  /** `undefined`: no source was ever followed. */
  readonly sync: SyncFigures | undefined;
  /** By entity, the time since which its first batch that is not in the queue could be loaded, in seconds since 1970. */
  readonly waiting: Readonly<Record<string, number>>;
}

export interface Metrics {
  readonly watchPool: WatchPool;
  /** Shows the newest run. */
  show(figures: Figures): void;
  /** Whether the ledger could be read. */
  ledgerRead(result: "read" | "unreadable"): void;
  /** What Prometheus scrapes. */
  scrape(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Before the ledger was read. */
const NOTHING: Figures = {
  run: undefined,
  progress: [],
  ready: {},
  offered: [],
  queued: {},
  newestBatch: null,
  stalledSeconds: 0,
  embedding: undefined,
  dify: undefined,
  accounts: undefined,
  sync: undefined,
  waiting: {},
};

/** A registry of its own, with every known label at 0. */
export function openMetrics(entities: readonly string[]): Metrics {
  const register = openRegistry();
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [register] });
  const ledgerUp = gauge("nexus_ledger_up", "Whether the ledger in the target could be read.");
  const runId = gauge(
    "nexus_run_id",
    "The newest run, which all other figures speak of; 0: there is none.",
  );
  const active = gauge("nexus_run_active", "Whether a run is planned, running or paused.");
  const paused = gauge("nexus_run_paused", "Whether the run is paused.");
  const stalled = gauge(
    "nexus_run_stalled_seconds",
    "Seconds since anything moved in a run that should move, from half a minute on; 0: it moves, or has nothing that could be done.",
  );
  const showEntities = openEntityMetrics(register, entities);
  const showQueues = openQueueMetrics(register, entities);
  const showEmbedding = openEmbeddingMetrics(register);
  const showDify = openDifyMetrics(register);
  const showAccounts = openAccountMetrics(register);
  const showSync = openSyncMetrics(register, entities);
  const show = (figures: Figures): void => {
    const { run, progress } = figures;
    runId.set(run?.id ?? 0);
    active.set(run !== undefined && isActive(run) ? 1 : 0);
    paused.set(run?.status === "paused" ? 1 : 0);
    stalled.set(figures.stalledSeconds);
    showEntities(progress, figures.waiting);
    showQueues(figures);
    showEmbedding(figures.embedding);
    showDify(figures.dify);
    showAccounts(figures.accounts);
    showSync(figures.sync);
  };
  show(NOTHING);
  return {
    watchPool: openPoolMetrics(register, ["target"]),
    show,
    ledgerRead: (result) => ledgerUp.set(result === "read" ? 1 : 0),
    scrape: () => scrape(register),
  };
}

function isActive({ status }: RunFacts): boolean {
  return status === "planned" || status === "running" || status === "paused";
}
