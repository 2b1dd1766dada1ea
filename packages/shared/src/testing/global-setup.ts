import { randomBytes } from "node:crypto";
import { sharePostgresData, startPostgres } from "./postgres.ts";
import { postgresAt, type PostgresServer } from "./postgres-server.ts";
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
  const stops = [
    await sharePostgresData(),
    ...(await Promise.all([sharePostgres(), shareRedis()])),
  ];
  return async () => {
    for (const stop of stops) await stop();
  };
}

type Stop = () => Promise<void>;

const nothingToStop: Stop = () => Promise.resolve();

/** Nothing is vacuumed in the seconds that a database lives; no server starts from the log of this one. */
const MANY_SHORT_DATABASES = {
  autovacuum: "off",
  wal_level: "minimal",
  max_wal_senders: 0,
  max_wal_size: "4GB",
  checkpoint_timeout: "1h",
};

async function sharePostgres(): Promise<Stop> {
  const lent = testRun.postgresUrl();
  const own = await startPostgres({ settings: MANY_SHORT_DATABASES });
  if (own.found) await lookForVectors(own);
  if (lent) {
    if (own.found) await own.stop(); // Suites that break their server start one like it.
    const server = await postgresAt(lent);
    await lookForVectors(server);
    return async () => await server.dropAll(`${testRun.prefix()}_template_`);
  }
  if (!own.found) return skipWithout(own.reason);
  process.env["TEST_DATABASE_URL"] = own.url;
  return () => own.stop();
}

/** Said once, and the reason beside each test that is left out for it. */
async function lookForVectors(server: PostgresServer): Promise<void> {
  const version = await server.pgvector();
  if (version !== undefined && version.localeCompare("0.8", "en", { numeric: true }) >= 0) return;
  const has = version === undefined ? "no pgvector" : `pgvector ${version}`;
  const reason = `PostgreSQL ${server.version} has ${has}: install pgvector 0.8 or newer (postgresql-${server.version.split(".")[0]}-pgvector)`;
  testRun.leaveVectorsOut(reason);
  remark("stack missing", `${reason}; vectors were tested on the embedded stack only`);
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
