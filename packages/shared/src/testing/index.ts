/** Room `testing`: private real servers, whole stacks, services as processes, and waiting without sleeps. */
export { findBrowser } from "./binaries.ts";
export { type Patience, eventually } from "./eventually.ts";
export { type Template, type TestContext, freshDatabase, freshRedis } from "./fresh.ts";
export { freshTarget, loadingEntity, runningRun } from "./fresh-target.ts";
export { type Missing, type PostgresOptions, type PrivatePostgres, startPostgres } from "./postgres.ts";
export type { PostgresServer } from "./postgres-server.ts";
export { type PrivateRedis, type RedisOptions, startRedis } from "./redis.ts";
export { type RedisServer, redisAt } from "./redis-server.ts";
export { type Exit, type ServiceProcess, type ServiceSpec, spawnService, startService } from "./service.ts";
export { type Breakable, type RunningStack, type Stack, stacks } from "./stacks.ts";
export { type FreshLedger, freshLedger } from "./fresh-ledger.ts";
export { type SeedBatch, type SeedEntity, type SeedRun, seedRun } from "./seed-run.ts";
export { freshLogin } from "./login.ts";
export { lockWaits } from "./lock-waits.ts";
export { freePort, serverProcess } from "./server-process.ts";
export { remark } from "./test-run.ts";
