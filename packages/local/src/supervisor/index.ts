/** Starts and stops the processes of the demo, and leaves none behind. */
export { databaseProcess, databaseUrl, type DatabaseSpec } from "./database.ts";
export { openLog } from "./log.ts";
export { startProcess, type Exit, type ProcessSpec, type RunningProcess } from "./process.ts";
export {
  supervise,
  type SupervisedSpec,
  type Supervisor,
  type SupervisorOptions,
} from "./supervisor.ts";
