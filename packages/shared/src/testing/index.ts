/** Room `testing`: private real servers, whole stacks, services as processes, and waiting without sleeps. */
export { type Certificates, makeCertificates } from "./certificates.ts";
export { findBrowser, findPostgres, findRedis, withoutPgDump } from "./binaries.ts";
export { type Dice, dice } from "./dice.ts";
export { type Patience, eventually } from "./eventually.ts";
export {
  type Template,
  type TestContext,
  freshDatabase,
  freshRedis,
  needsVectors,
} from "./fresh.ts";
export { freshTarget, loadingEntity, runningRun } from "./fresh-target.ts";
export {
  type Missing,
  type PostgresOptions,
  type PrivatePostgres,
  startPostgres,
} from "./postgres.ts";
export type { PostgresServer } from "./postgres-server.ts";
export { type PrivateRedis, type RedisOptions, startRedis } from "./redis.ts";
export { type RedisServer, redisAt } from "./redis-server.ts";
export { runCommand } from "./command.ts";
export { untilFileEnds } from "./end-of-file.ts";
export type { Exit } from "./own-group.ts";
export { type ServiceProcess, type ServiceSpec, spawnService, startService } from "./service.ts";
export {
  type Breakable,
  type RunningStack,
  type Stack,
  mostReal,
  stacks,
  stacksWithVectors,
} from "./stacks.ts";
export { type FreshLedger, freshLedger } from "./fresh-ledger.ts";
export { type SeedBatch, type SeedEntity, type SeedRun, seedRun } from "./seed-run.ts";
export { freshLogin } from "./login.ts";
export { type Line, openLine } from "./line.ts";
export { lendingPooler } from "./lending-pooler.ts";
export { lockWaits } from "./lock-waits.ts";
export { declaredColumns, storedColumns } from "./table-facts.ts";
export { freePort, serverProcess } from "./server-process.ts";
export { remark } from "./test-run.ts";
export { unprivilegedAccount } from "./unprivileged.ts";
export { patientClock } from "./patient-clock.ts";
