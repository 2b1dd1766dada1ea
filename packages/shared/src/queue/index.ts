export {
  batchNamed,
  CONTENT_PAGE,
  CONTENT_QUEUE,
  type ContentJob,
  contentJob,
  newContentJob,
  type LoadJob,
  loadJob,
  newLoadJob,
  loadQueueName,
} from "./job.ts";
export { openQueue, workerSettings } from "./open-queue.ts";
export { reconcileLostJobs, type Reconciled } from "./reconcile-lost-jobs.ts";
export { examineTransport, openTransport, openUnchanged } from "./open-transport.ts";
export { understood } from "./understood.ts";
export type {
  BoardQueue,
  Handled,
  Handler,
  NewJob,
  Transport,
  WorkerSettings,
} from "./transport.ts";
