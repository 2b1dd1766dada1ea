/** A stand-in for the admin API of Supabase Auth, for tests. */
export { authEnvironment } from "./environment.ts";
export { type FaultName, FAULT_NAMES } from "./faults.ts";
export type { Mail } from "./mails.ts";
export type { Operation, ScheduleChange } from "./schedule.ts";
export {
  type AuthOptions,
  type AuthServer,
  SERVICE_ROLE_KEY,
  startAuth,
  type UserTable,
} from "./server.ts";
