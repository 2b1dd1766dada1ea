import { randomBytes } from "node:crypto";
import { sharePostgresData, startPostgres } from "./postgres.ts";
import { postgresAt } from "./postgres-server.ts";
import { startRedis } from "./redis.ts";
import { remark, testRun } from "./test-run.ts";

/**
 * Before the first test: one PostgreSQL and one Redis for all tests that break neither, unless TEST_DATABASE_URL and
 * TEST_REDIS_URL name them. Returns what is done after the last test.
 */
export async function setup(): Promise<() => Promise<void>> {
  process.on("disconnect", () => process.exit(1)); // The runner that started us is gone.
  process.channel?.unref();
  process.env["NEXUS_TEST_RUN"] = randomBytes(3).toString("hex");
  const stops = [await sharePostgresData(), ...(await Promise.all([sharePostgres(), shareRedis()]))];
  return async () => {
    for (const stop of stops) await stop();
  };
}

type Stop = () => Promise<void>;

const nothingToStop: Stop = () => Promise.resolve();

async function sharePostgres(): Promise<Stop> {
  const lent = testRun.postgresUrl();
  if (lent) return async () => await (await postgresAt(lent)).dropAll(`${testRun.prefix()}_template_`);
  const postgres = await startPostgres();
  if (!postgres.found) return skipWithout(postgres.reason);
  process.env["TEST_DATABASE_URL"] = postgres.url;
  return () => postgres.stop();
}

async function shareRedis(): Promise<Stop> {
  if (testRun.redisUrl()) return nothingToStop;
  const redis = await startRedis();
  if (!redis.found) return skipWithout(redis.reason);
  process.env["TEST_REDIS_URL"] = redis.url;
  return () => redis.stop();
}

function skipWithout(reason: string): Stop {
  remark("stack missing", reason);
  return nothingToStop;
}
