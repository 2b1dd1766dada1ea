/** A stand-in for Dify's Knowledge API, for tests. */
export { difyEnvironment } from "./environment.ts";
export { type FaultName, FAULT_NAMES } from "./faults.ts";
export type { Operation, ScheduleChange } from "./schedule.ts";
export {
  DIFY_KEY,
  type DifyOptions,
  type DifyServer,
  type StoredDocument,
  startDify,
} from "./server.ts";
