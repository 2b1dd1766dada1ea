import type { WorkerSettings } from "@nexus/shared/queue";

/** Locks short enough for tests. */
export const quick: WorkerSettings = { concurrency: 5, lockMs: 2_000, stalledCheckMs: 500, graceMs: 10_000 };
