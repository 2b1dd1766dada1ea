/** The transport over BullMQ, whichever backend carries it. Settings are those that held in measurement. */
import type { BackendClasses, IQueueBackend, Job, JobState, QueueBaseOptions } from "bullmq";
import { failpoint } from "../runtime/failpoint.ts";
import { pause } from "../runtime/ticker.ts";
import { note, queueTelemetry } from "../telemetry/tracing.ts";
import { bullmq } from "./libraries.ts";
import type {
  Handled,
  Handler,
  NewJob,
  Transport,
  TransportOptions,
  WorkerSettings,
} from "./transport.ts";

export interface Backend<C> {
  readonly kind: Transport["kind"];
  readonly classes: BackendClasses<IQueueBackend, C>;
  /** For queues: fails at once when the server is away. */
  readonly queueConnection: C;
  /** For workers: waits for the server to come back. */
  readonly workerConnection: C;
  /** Names every key or table of ours; redis only. */
  readonly prefix: string;
  readonly warnings: Transport["warnings"];
  readonly onError: (error: Error) => void;
  readonly leaves: TransportOptions["leaves"];
  ping(): Promise<unknown>;
  close(): Promise<void>;
}

type Queue<C> = InstanceType<BackendClasses<IQueueBackend, C>["Queue"]>;
type Worker<C> = InstanceType<BackendClasses<IQueueBackend, C>["Worker"]>;

/** A call to the queue is given up after so many milliseconds. Jobs are idempotent: a late success does no harm. */
const CALL_TIMEOUT_MS = 3_000;
/** At the end, so many milliseconds are spent on telling the queue what was handed back. */
const LAST_WORD_MS = 1_000;
/** Jobs in one call: about 120 kB. */
const JOBS_PER_CALL = 200;
/** States of a job that is still to be done. */
const UNFINISHED: readonly JobState[] = ["waiting", "active", "delayed", "prioritized"];

/** Builds the transport; nothing connects before its first use. */
export function bullTransport<C>(backend: Backend<C>): Transport {
  const queues = new Map<string, Queue<C>>();
  const queue = async (name: string): Promise<Queue<C>> => {
    const known = queues.get(name) ?? openQueue(backend, name);
    queues.set(name, known);
    // BullMQ remembers for ever that a queue was opened while its server was away. Such a queue is opened anew next time.
    await known.waitUntilReady().catch((error: unknown) => {
      queues.delete(name);
      throw error;
    });
    return known;
  };
  return {
    kind: backend.kind,
    warnings: backend.warnings,
    enqueue: async (name, jobs) => {
      for (let start = 0; start < jobs.length; start += JOBS_PER_CALL) {
        const page = jobs.slice(start, start + JOBS_PER_CALL);
        await withTimeout(
          queue(name).then((open) => open.addBulk(page.map((job) => asJob(name, job)))),
        );
      }
    },
    count: async (name) => {
      const counts = await withTimeout(
        queue(name).then((open) => open.getJobCounts(...UNFINISHED)),
      );
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    },
    workers: async (name) =>
      backend.kind === "redis"
        ? await withTimeout(queue(name).then((open) => open.getWorkersCount())).catch(notTold)
        : undefined,
    work: (name, settings, handler) => work(backend, name, settings, handler),
    board: async (names) => {
      const opened: readonly object[] = await withTimeout(Promise.all(names.map(queue)));
      return opened.filter((one) => one instanceof bullmq.Queue);
    },
    ping: async () => void (await withTimeout(backend.ping())),
    close: async () => {
      await Promise.all([...queues.values()].map((open) => open.close()));
      await backend.close();
    },
  };
}

/** Who may not list the clients of a Redis is told no number. */
function notTold(error: Error): undefined {
  if (!/NOPERM|unknown command/i.test(error.message)) throw error;
}

function openQueue<C>(
  { classes, queueConnection, prefix, onError, leaves }: Backend<C>,
  name: string,
): Queue<C> {
  const queue = new classes.Queue(name, {
    connection: queueConnection,
    prefix,
    ...telemetry(),
    skipMetasUpdate: leaves === "nothing",
    streams: { events: { maxLen: 100 } },
  });
  queue.on("error", onError);
  return queue;
}

function asJob(name: string, { id, data, trace = null }: NewJob) {
  // As bullmq-otel writes and reads it.
  const ordered =
    trace === null ? {} : { telemetry: { metadata: JSON.stringify({ traceparent: trace }) } };
  return {
    name,
    data,
    opts: { jobId: id, removeOnComplete: true, removeOnFail: true, ...ordered },
  };
}

function telemetry(): Pick<QueueBaseOptions, "telemetry"> {
  const open = queueTelemetry();
  return open === undefined ? {} : { telemetry: open };
}

async function work<C>(
  backend: Backend<C>,
  name: string,
  settings: WorkerSettings,
  handler: Handler,
): Promise<() => Promise<void>> {
  const worker = new backend.classes.Worker(
    name,
    (job, token, signal) => doJob(handler, job, token, signal),
    {
      connection: backend.workerConnection,
      prefix: backend.prefix,
      ...telemetry(),
      concurrency: settings.concurrency,
      lockDuration: settings.lockMs,
      stalledInterval: settings.stalledCheckMs,
      maxStalledCount: 20,
      maximumRateLimitDelay: 2_000,
      runRetryDelay: 2_000,
      drainDelay: 2,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    },
  );
  worker.on("error", backend.onError);
  await worker.waitUntilReady();
  return () => stop(worker, settings.graceMs);
}

/** Waits for active jobs, tells them to hand back when their grace is over, and gives up on a server that is away. */
async function stop<C>(worker: Worker<C>, graceMs: number): Promise<void> {
  const release = setTimeout(() => worker.cancelAllJobs("shutdown"), graceMs);
  const over = new AbortController();
  // BullMQ waits for ever for the end of a connection that is lost already. Other workers get its jobs when their locks run out.
  await Promise.race([worker.close(), pause(graceMs + LAST_WORD_MS, over.signal)]).finally(() => {
    clearTimeout(release);
    over.abort();
  });
}

/** Does the job and says to BullMQ what became of it, without ever burning one of its attempts. */
async function doJob(
  handler: Handler,
  job: Job,
  token = "",
  signal = new AbortController().signal,
): Promise<void> {
  const handled: Handled = await handler(job.data, signal).catch((error: unknown) => {
    note({ "nexus.outcome": "error" });
    throw error;
  });
  failpoint("queue.handled");
  note({ "nexus.outcome": handled.kind });
  switch (handled.kind) {
    case "done":
      return;
    case "later":
      await job.moveToDelayed(Date.now() + handled.ms, token);
      throw new bullmq.DelayedError();
    case "hand_back":
      await job.moveToWait(token);
      throw new bullmq.WaitingError();
  }
}

async function withTimeout<T>(call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error("the queue did not answer in time")),
      CALL_TIMEOUT_MS,
    );
  });
  return await Promise.race([call, late]).finally(() => clearTimeout(timer));
}
