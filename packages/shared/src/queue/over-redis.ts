/** The queue on a Redis: two connections that open themselves again, for those who offer jobs and for those who wait for them. */
import type { Redis, RedisOptions } from "ioredis";
import { bullTransport } from "./bull-transport.ts";
import { bullmq, ioredis } from "./libraries.ts";
import { examineRedis, requireWrites } from "./examine-redis.ts";
import { isRefusal } from "./redis-refusals.ts";
import { redisPlace } from "./redis-place.ts";
import type { Transport, TransportOptions } from "./transport.ts";

/** Milliseconds between two tries to connect: more with each, up to the most; at once the most where the server refuses what is asked. */
const RETRY_STEP_MS = 200;
const RETRY_MOST_MS = 2_000;

/**
 * Milliseconds without a byte, while something is asked, after which a connection is cut and opened anew: a proxy, a firewall or a node
 * that forgot it says nothing, and everything asked would be waited for for ever. Workers ask for jobs for 10 s at most.
 */
const SILENCE_MS = 15_000;

/** Opens it once the server takes writes. Throws as `openTransport` does. */
export async function overRedis({
  url,
  prefix,
  onError,
  leaves,
}: TransportOptions): Promise<Transport> {
  const place = redisPlace(url);
  const warnings = await examineRedis(place, prefix);
  const connect = (
    more: Pick<RedisOptions, "enableOfflineQueue" | "maxRetriesPerRequest">,
  ): Redis => {
    const redis = new ioredis.Redis({
      ...place.options,
      ...reopening(),
      socketTimeout: SILENCE_MS,
      ...more,
    });
    redis.on("error", onError);
    return redis;
  };
  const queueConnection = connect({ enableOfflineQueue: false, maxRetriesPerRequest: null });
  const workerConnection = connect({ maxRetriesPerRequest: null });
  await Promise.all([ready(queueConnection), ready(workerConnection)]);
  return bullTransport({
    kind: "redis",
    classes: bullmq.withBackend(bullmq.createRedisBackend),
    queueConnection,
    workerConnection,
    prefix,
    warnings,
    onError,
    leaves,
    ping: () => requireWrites(queueConnection, prefix),
    close: async () => {
      queueConnection.disconnect();
      workerConnection.disconnect();
    },
  });
}

/**
 * A server that refuses writes (a replica since a failover, a full disk or memory) may be another one behind the same name a second
 * later: the connection is opened anew, which also keeps workers from asking it thousands of times a second (3,900 were measured).
 * ioredis calls by the options of one connection, which many workers share: it is cut once for all that was refused at a time.
 */
function reopening(): Pick<RedisOptions, "retryStrategy" | "reconnectOnError"> {
  let refusedAt = -Infinity;
  const cutAt = new WeakMap<object, number>();
  return {
    reconnectOnError(this: object, error: Error): boolean {
      if (!isRefusal(error)) return false;
      refusedAt = performance.now();
      if (refusedAt - (cutAt.get(this) ?? -Infinity) < RETRY_STEP_MS) return false;
      cutAt.set(this, refusedAt);
      return true;
    },
    retryStrategy: (tries) =>
      performance.now() - refusedAt < RETRY_MOST_MS
        ? RETRY_MOST_MS / 2
        : Math.min(tries * RETRY_STEP_MS, RETRY_MOST_MS),
  };
}

async function ready(redis: Redis): Promise<void> {
  if (redis.status !== "ready")
    await new Promise<void>((resolve) => redis.once("ready", () => resolve()));
}
