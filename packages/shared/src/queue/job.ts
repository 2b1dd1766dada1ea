/** What travels through the queue: keys, never rows. */
import { z } from "zod";

/** A batch to load. The range is for people to read; the loader takes it from the ledger. */
export const loadJob = z.strictObject({
  runId: z.int(),
  entity: z.string(),
  batch: z.int(),
  generation: z.int(),
  from: z.int().nullable(),
  to: z.int().nullable(),
});

export type LoadJob = z.infer<typeof loadJob>;

/** Equal for equal work, so that offering a batch twice is harmless. Holds no colon and is no integer (BullMQ refuses both). */
export function loadJobId(job: LoadJob): string {
  return `${job.runId}.${job.entity}.${job.batch}.${job.generation}`;
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
export const contentJob = z.strictObject({ eventId: z.int(), offset: z.int() });

export type ContentJob = z.infer<typeof contentJob>;

/** Equal for equal work, like `loadJobId`. */
export function contentJobId(job: ContentJob): string {
  return `content.${job.eventId}.${job.offset}`;
}
