/** The queue as the services see it. Which server carries it is decided in `open-transport.ts` and nowhere else. */

import type { Queue } from "bullmq";

/** BullMQ's own queue: to be looked at only. */
export type BoardQueue = Queue;

/** Something to be done, under an id that makes enqueueing it twice harmless. */
export interface NewJob {
  /** With a dot in it: BullMQ keeps its own lists under plain words (`wait`, `delayed`) beside the jobs. */
  readonly id: string;
  readonly data: object;
  /** What ordered it, as `traceContext()` was then; left out: what is under way. */
  readonly trace?: string | null;
}

/** What a handler did with a job. `later`: to be tried again after some milliseconds. `hand_back`: at once, by another worker. */
export type Handled =
  | { readonly kind: "done" }
  | { readonly kind: "later"; readonly ms: number }
  | { readonly kind: "hand_back" };

/** Does a job. `signal` aborts when the worker must stop before the job is done. If it throws, the job is dropped: the ledger knows what is left to do. */
export type Handler = (data: unknown, signal: AbortSignal) => Promise<Handled>;

export interface WorkerSettings {
  /** Jobs at the same time in this process. */
  readonly concurrency: number;
  /** Milliseconds without a sign of life after which a job is given to another worker, */
  readonly lockMs: number;
  /** and how often that is looked for. */
  readonly stalledCheckMs: number;
  /** Milliseconds that active jobs may take when the worker is closed, before they are told to hand back. */
  readonly graceMs: number;
}

/** A code for programs, and a sentence. */
export interface TransportWarning {
  readonly code: "queue_evicts" | "queue_old" | "queue_not_made" | "plain_text";
  readonly says: string;
}

/** What a transport is opened with, whichever server carries it. */
export interface TransportOptions {
  /** redis://, rediss:// or postgres:// */
  readonly url: string;
  /** Keys in Redis begin with it. */
  readonly prefix: string;
  /** Workers that this process will run: the PostgreSQL backend keeps a connection for each. */
  readonly workers: number;
  readonly onError: (error: Error) => void;
  /** `nothing`: whoever opens a queue leaves no record of itself there. Default: the version of BullMQ, and how long events are kept. */
  readonly leaves?: "nothing";
}

export interface Transport {
  readonly kind: "redis" | "postgres";
  /** What a person should change at the server, though the queue works. */
  readonly warnings: readonly TransportWarning[];
  /** Enqueues jobs. One whose id is still in the queue changes nothing. */
  enqueue(queue: string, jobs: readonly NewJob[]): Promise<void>;
  /** Counts the jobs in the queue that are not finished. Only one decision is based on it: whether jobs were lost. */
  count(queue: string): Promise<number>;
  /** Workers that listen to a queue, in all processes. Undefined where the server does not tell: only a Redis does, to who may list its clients. For people to look at. */
  workers(queue: string): Promise<number | undefined>;
  /** Starts to take jobs from a queue. Resolves to what stops it, which rejects where the server is away (5 s after the grace). */
  work(queue: string, settings: WorkerSettings, handler: Handler): Promise<() => Promise<void>>;
  /** The queues of these names for a page that shows them to people, and changes nothing. */
  board(queues: readonly string[]): Promise<readonly BoardQueue[]>;
  /** Resolves if the server takes a write within the time that an API call may take; rejects otherwise. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
