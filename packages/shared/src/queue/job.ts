/** What travels through the queue: keys, never rows. Releases that run side by side read each other's: docs/decisions/versions-side-by-side.md */
import { z } from "zod";
import type { NewJob } from "./transport.ts";

/**
 * The version of what jobs say. A new member needs no new version if a worker that does not know it may ignore it. It needs one if
 * a worker must know it. A release reads the versions of the release before.
 */
export const JOB_VERSION = 1;

/** For people to read. In digits where it is beyond 2^53, as releases before have written it. */
const shownKey = z.union([z.int(), z.string()]).nullable();

/** A batch to load. The range is for people to read; the loader takes it from the ledger. */
export const loadJob = z.object({
  runId: z.int(),
  entity: z.string(),
  batch: z.int(),
  generation: z.int(),
  from: shownKey,
  to: shownKey,
});

const batchName = loadJob.pick({ batch: true, generation: true });

/** The batch of a job, whatever else is wrong with it; undefined where it does not even say that. */
export function batchNamed(data: unknown): z.infer<typeof batchName> | undefined {
  return batchName.safeParse(data).data;
}

export type LoadJob = z.infer<typeof loadJob>;

/** Its id is equal for equal work, so that enqueueing a batch twice is harmless. It holds no colon and is no integer (BullMQ refuses both). */
export function newLoadJob(job: LoadJob): NewJob {
  const id = `${job.runId}.${job.entity}.${job.batch}.${job.generation}`;
  return { id, data: { version: JOB_VERSION, ...job } };
}

/** The queue of an entity's batches. */
export function loadQueueName(entity: string): string {
  return `load-${entity}`;
}

/** The queue of all content that is to be embedded. */
export const CONTENT_QUEUE = "content";

/** Ids of one content job, at most. */
export const CONTENT_PAGE = 50;

/** A page of a content event: up to `CONTENT_PAGE` ids from an offset. Which ids, the ledger knows. */
export const contentJob = z.object({ eventId: z.int(), offset: z.int() });

export type ContentJob = z.infer<typeof contentJob>;

/** Its id is equal for equal work, like a batch's. */
export function newContentJob(job: ContentJob): NewJob {
  return { id: `content.${job.eventId}.${job.offset}`, data: { version: JOB_VERSION, ...job } };
}
