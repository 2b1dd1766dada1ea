export {
  batchNamed,
  CONTENT_PAGE,
  CONTENT_QUEUE,
  type ContentJob,
  contentJob,
  contentOffer,
  type LoadJob,
  loadJob,
  loadOffer,
  loadQueueName,
} from "./job.ts";
export { openQueue, workerSettings } from "./open-queue.ts";
export { examineTransport, openTransport } from "./open-transport.ts";
export { understood } from "./understood.ts";
export type { BoardQueue, Handled, Handler, Offer, Transport, WorkerSettings } from "./transport.ts";
