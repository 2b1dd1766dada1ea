import { findPostgres, findRedis } from "./binaries.ts";
import { startPostgres } from "./postgres.ts";
import { postgresAt } from "./postgres-server.ts";
import { startRedis } from "./redis.ts";
import { redisAt } from "./redis-server.ts";
import { remark, testRun } from "./test-run.ts";

/** One way to run the whole system here. A suite is written once and run on each: `describe.each(await stacks(…))`. */
export interface Stack {
  /** Shown as `$name` in titles. */
  readonly name: string;
  /** Starts it with empty databases. */
  start(): Promise<RunningStack>;
}

/** What a suite may break, and mend. */
export interface Breakable {
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** A stack at work, for one suite or one test. */
export interface RunningStack {
  /** What it is made of, for the closing lines: `PostgreSQL 15.13, Redis 7.0.15`. */
  readonly madeOf: string;
  readonly legacyUrl: string;
  readonly targetUrl: string;
  readonly queueUrl: string;
  /** Undefined where the server is not ours to break. */
  readonly database: (Breakable & { log?(): string }) | undefined;
  readonly queue:
    | (Breakable & { flush?(): Promise<void>; dump?(url: string): Promise<string> })
    | undefined;
  stop(): Promise<void>;
}

/**
 * The stacks that can be tested on this machine: those given, and real servers (private ones, else those named by
 * TEST_DATABASE_URL and TEST_REDIS_URL). What is started is named at the end of the run.
 */
export function stacks(given: readonly Stack[] = []): readonly Stack[] {
  return [...given, ...serversHere()].map(announced);
}

/** Those on which there are vectors: real servers without pgvector are left out, which the closing lines say. */
export function stacksWithVectors(given: readonly Stack[] = []): readonly Stack[] {
  return testRun.withoutVectors() === undefined ? stacks(given) : given.map(announced);
}

/**
 * The one of them that is most like production, for what is the same on each: real servers where there are any. Where every suite
 * ran on each stack, embedded databases took a fifth of a whole run's processor time, as much as all PostgreSQL servers (measured).
 */
export function mostReal(found: readonly Stack[]): readonly Stack[] {
  return found.slice(-1);
}

/** PostgreSQL and Redis as they are in production: our own where they can be started, else those lent to the tests. */
function serversHere(): Stack[] {
  if (findPostgres() && findRedis()) return [{ name: "servers", start: own }];
  const lent = { postgres: testRun.postgresUrl(), redis: testRun.redisUrl() };
  if (!lent.postgres || !lent.redis) return [];
  const { postgres, redis } = lent;
  return [{ name: "servers", start: () => borrowed(postgres, redis) }];
}

async function own(): Promise<RunningStack> {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  if (!postgres.found) throw new Error(postgres.reason);
  if (!redis.found) throw new Error(redis.reason);
  return {
    madeOf: `PostgreSQL ${postgres.version}, Redis ${redis.version}`,
    legacyUrl: await postgres.database("legacy"),
    targetUrl: await postgres.database("target"),
    queueUrl: await redis.database(),
    database: postgres,
    queue: redis,
    stop: async () => {
      await Promise.all([postgres.stop(), redis.stop()]);
    },
  };
}

async function borrowed(postgresUrl: string, redisUrl: string): Promise<RunningStack> {
  const postgres = await postgresAt(postgresUrl);
  const redis = await redisAt(redisUrl);
  const queueUrl = await redis.database();
  const databases = [await postgres.database("legacy"), await postgres.database("target")] as const;
  return {
    madeOf: `PostgreSQL ${postgres.version}, Redis ${redis.version}`,
    legacyUrl: databases[0],
    targetUrl: databases[1],
    queueUrl,
    database: undefined,
    queue: undefined,
    stop: async () => {
      for (const url of databases) await postgres.drop(url);
      await redis.clear(queueUrl);
    },
  };
}

function announced(stack: Stack): Stack {
  return {
    name: stack.name,
    start: async () => {
      const running = await stack.start();
      remark("stack used", `${stack.name}: ${running.madeOf}`);
      return running;
    },
  };
}
