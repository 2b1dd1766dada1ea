import { Redis } from "ioredis";

/** A Redis that tests may fill and empty. */
export interface RedisServer {
  /** Of the whole server, without a database number. */
  readonly url: string;
  /** Like `7.0.15`. */
  readonly version: string;
  /**
   * The URL of an empty logical database that no other caller was given. The private server has 1,000 of them.
   * Counting begins anew after `flush`.
   *
   * @throws where none of the server's databases is empty
   */
  database(): Promise<string>;
  /** Everything in one database, by the URL that `database` gave: keys and what they hold, as text to be searched. */
  dump(url: string): Promise<string>;
  /** Empties one database, by the URL that `database` gave. */
  clear(url: string): Promise<void>;
  /** Empties everything: FLUSHALL. */
  flush(): Promise<void>;
  /** Does commands like `replicaof no one`, one after the other: words with single spaces between them. */
  tell(...commands: readonly string[]): Promise<void>;
  /** What `INFO` says of one thing, like `master_link_status`; `unknown` where it says nothing. */
  says(name: string): Promise<string>;
  /** What the data takes at present, in bytes (`used_memory`). */
  memory(): Promise<number>;
  /** The most that it has taken since the server started, in bytes (`used_memory_peak`). */
  peakMemory(): Promise<number>;
}

/**
 * The server behind `url`, asked for its version. Keeps no connection.
 *
 * @throws what ioredis throws, where it cannot be reached or is still loading
 */
export async function redisAt(url: string): Promise<RedisServer> {
  return {
    url,
    version: await withRedis(url, async (redis) =>
      member(await redis.info("server"), "redis_version"),
    ),
    database: () => withRedis(url, async (redis) => await nextDatabase(redis, url)),
    dump: (given) => withRedis(given, dumpAll),
    clear: (given) => withRedis(given, async (redis) => void (await redis.flushdb())),
    flush: () => withRedis(url, async (redis) => void (await redis.flushall())),
    tell: (...commands) => withRedis(url, (redis) => tellAll(redis, commands)),
    says: (name) => withRedis(url, async (redis) => member(await redis.info(), name)),
    memory: () => withRedis(url, (redis) => memberOf(redis, "used_memory")),
    peakMemory: () => withRedis(url, (redis) => memberOf(redis, "used_memory_peak")),
  };
}

/** Database 0 holds the counter. What is not empty belongs to somebody else, and is passed over. */
async function nextDatabase(redis: Redis, url: string): Promise<string> {
  const answer = await redis.config("GET", "databases");
  const databases = Number(Array.isArray(answer) ? answer[1] : 16);
  for (let looks = 1; looks < databases; looks += 1) {
    await redis.select(0);
    const number = 1 + ((await redis.incr("nexus:databases given")) % (databases - 1));
    await redis.select(number);
    if ((await redis.dbsize()) > 0) continue;
    const given = new URL(url);
    given.pathname = `/${number}`;
    return given.href;
  }
  throw new Error("none of the databases of this Redis is empty");
}

async function dumpAll(redis: Redis): Promise<string> {
  const lines: string[] = [];
  for (const key of await redis.keys("*"))
    lines.push(`${key} ${JSON.stringify(await contentOf(redis, key, await redis.type(key)))}`);
  return lines.join("\n");
}

async function tellAll(redis: Redis, commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const [name = "", ...args] = command.split(" ");
    await redis.call(name, ...args);
  }
}

/** Read by type: Redis' own DUMP compresses. A key that went away in between holds nothing. */
async function contentOf(redis: Redis, key: string, type: string): Promise<unknown> {
  if (type === "string") return await redis.get(key);
  if (type === "hash") return await redis.hgetall(key);
  if (type === "list") return await redis.lrange(key, 0, -1);
  if (type === "set") return await redis.smembers(key);
  if (type === "zset") return await redis.zrange(key, "0", "-1");
  if (type === "stream") return await redis.xrange(key, "-", "+");
  if (type === "none") return null;
  throw new Error(`a key of type ${type} cannot be dumped`);
}

async function memberOf(redis: Redis, name: string): Promise<number> {
  return Number(member(await redis.info("memory"), name));
}

function member(info: string, name: string): string {
  return new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? "unknown";
}

async function withRedis<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on("error", () => undefined); // `connect` and the commands reject with it.
  try {
    await redis.connect();
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}
