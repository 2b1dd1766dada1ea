import { Redis } from "ioredis";
import { type TestContext, describe, expect, it } from "vitest";
import { type PrivateRedis, type RedisOptions, startRedis } from "./redis.ts";

async function privateRedis(context: TestContext, options?: RedisOptions): Promise<PrivateRedis> {
  const server = await startRedis(options);
  if (!server.found) return context.skip(server.reason);
  context.onTestFinished(() => server.stop());
  return server;
}

async function get(url: string, key: string): Promise<string | null> {
  return await connected(url, (redis) => redis.get(key));
}

async function set(url: string, key: string, value: string): Promise<void> {
  await connected(url, (redis) => redis.set(key, value));
}

async function connected<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on("error", () => undefined);
  try {
    await redis.connect();
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

describe("a private Redis", () => {
  it("shows everything in one of its databases, whatever its type", async (context) => {
    const server = await privateRedis(context);
    const url = await server.database();
    await set(await server.database(), "elsewhere", "hidden");
    await connected(url, async (redis) => {
      await redis.set("text", "needle 1");
      await redis.hset("hash", { field: "needle 2" });
      await redis.rpush("list", "needle 3");
      await redis.sadd("set", "needle 4");
      await redis.zadd("sorted", 1, "needle 5");
      await redis.xadd("stream", "*", "field", "needle 6");
    });
    const dump = await server.dump(url);
    expect(dump.match(/needle \d/g)?.sort()).toEqual([1, 2, 3, 4, 5, 6].map((n) => `needle ${n}`));
    expect(dump).not.toContain("hidden");
  });

  it("is empty after a kill and a restart", async (context) => {
    const server = await privateRedis(context);
    await set(server.url, "a", "1");
    await server.kill();
    await expect(get(server.url, "a")).rejects.toThrow("closed");
    await server.restart();
    expect(await get(server.url, "a")).toBeNull();
  });

  it("has everything after a kill and a restart where it keeps everything", async (context) => {
    const server = await privateRedis(context, { keeps: "everything" });
    await set(server.url, "a", "1");
    await server.kill();
    await server.restart();
    expect(await get(server.url, "a")).toBe("1");
  });

  it("gives each caller a database of its own, and flushes them all", async (context) => {
    const server = await privateRedis(context);
    const [one, other] = await Promise.all([server.database(), server.database()]);
    await set(one, "a", "1");
    expect(await get(other, "a")).toBeNull();
    await server.flush();
    expect(await get(one, "a")).toBeNull();
  });

  it("passes over a database that is somebody else's", async (context) => {
    const server = await privateRedis(context);
    await set(`${server.url}/2`, "theirs", "1");
    expect(await server.database()).toBe(`${server.url}/3`);
  });

  it("says how much memory its data takes", async (context) => {
    const server = await privateRedis(context);
    const before = await server.memory();
    await set(server.url, "a", "x".repeat(1_000_000));
    expect(await server.memory()).toBeGreaterThan(before + 1_000_000);
  });
});
