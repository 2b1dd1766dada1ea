/** What a Redis must be to carry a queue, on real servers: what cannot work is refused at the start, with the reason and without the password. */
import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { Redis } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventually, freePort, openLine, type PrivateRedis, startRedis } from "../testing/index.ts";
import { open, opened, redis } from "./redis.fixture.ts";

const probe = await startRedis();
if (probe.found) await probe.stop();

function as(server: PrivateRedis, userinfo: string): string {
  return server.url.replace("//", `//${userinfo}@`);
}

// Needs a real Redis: the embedded queue is none.
describe.skipIf(!probe.found)("a Redis that cannot carry the queue", () => {
  it("has no database of that number", async () => {
    const server = await redis({ args: ["--databases", "4"] });
    expect(await opened(`${server.url}/3`)).toBe("open");
    expect(await opened(`${server.url}/99`)).toMatch(
      /^ConfigurationError: QUEUE_URL: the Redis at 127\.0\.0\.1:\d+ has no such database/,
    );
    expect(await server.dump(server.url)).toBe("");
  });

  it("is named by a URL in capitals", async () => {
    const server = await redis();
    expect(await opened(server.url.replace("redis", "REDIS"))).toBe("open");
  });

  it("is a replica, or is made one", async () => {
    const primary = await redis();
    const port = new URL(primary.url).port;
    const replica = await redis({ args: ["--replicaof", "127.0.0.1", port] });
    expect(await opened(replica.url)).toMatch(
      /^ConfigurationError: .* is a replica, which takes no writes/,
    );
    await replica.tell("replicaof no one");
    expect(await opened(replica.url)).toBe("open");
  });

  it("is a cluster", async () => {
    const server = await redis({ args: ["--cluster-enabled", "yes", "--databases", "1"] });
    expect(await opened(server.url)).toMatch(
      /^ConfigurationError: .* is a cluster, which the queue does not work on/,
    );
  });

  it("refuses the password, or wants one", async () => {
    const server = await redis();
    await server.tell(
      "acl setuser nexus on >s3cret@/ ~* &* +@all",
      "config set requirepass s3cret",
    );
    expect(await opened(server.url)).toMatch(/^ConfigurationError: .* wants a password/);
    expect(await opened(as(server, ":s3cret2"))).toMatch(
      /^ConfigurationError: .* refuses the password: .*WRONGPASS/,
    );
    expect(await opened(as(server, ":s3cret"))).toBe("open");
    expect(await opened(as(server, "nexus:s3cret%40%2F"))).toBe("open");
  });

  it("lets the user only read", async () => {
    const server = await redis();
    await server.tell("acl setuser reader on >s3cret ~* &* +@read +info +select +ping");
    expect(await opened(as(server, "reader:s3cret"))).toMatch(
      /^ConfigurationError: .* lets this user not do .*NOPERM/,
    );
    await server.tell("acl setuser other on >s3cret ~other:* &* +@all");
    expect(await opened(as(server, "other:s3cret"))).toMatch(
      /^ConfigurationError: .* lets this user not do .*NOPERM/,
    );
  });

  it("has no connection left", async () => {
    const server = await redis();
    await server.tell("config set maxclients 1");
    const held = new Redis(server.url);
    held.on("error", () => undefined);
    onTestFinished(() => held.disconnect());
    await held.ping();
    expect(await opened(server.url)).toMatch(/^UnavailableError: .* has no connection left/);
  });

  it("cannot save to its disk", async () => {
    const server = await redis({ args: ["--save", "900 1"] });
    rmSync(server.folder, { recursive: true });
    await server.tell("bgsave");
    const said = await eventually(() => opened(server.url), {
      until: (one) => one !== "open",
      within: 10_000,
    });
    await server.tell("config set save "); // Else it does not end either.
    expect(said).toMatch(/^UnavailableError: .* cannot save to its disk: .*MISCONF/);
  });

  it("has no memory left", async () => {
    const server = await redis({ args: ["--maxmemory", "1"] });
    expect(await opened(server.url)).toMatch(/^UnavailableError: .* its memory is full: .*OOM/);
  });

  it("is still loading", async () => {
    const server = await redis({
      keeps: "everything",
      args: ["--key-load-delay", "30000", "--loading-process-events-interval-bytes", "1024"],
    });
    await server.tell(
      ...Array.from({ length: 100 }, (_, at) => `set ${at} ${"x".repeat(2_000)}`),
      "bgrewriteaof",
    );
    await eventually(async () => (await server.says("aof_rewrite_in_progress")) === "0");
    await server.kill();
    const back = server.restart();
    const said = await eventually(() => opened(server.url), {
      until: (one) => !one.includes("ECONNREFUSED"),
    });
    await back;
    expect(said).toMatch(/^UnavailableError: .* is still loading its data/);
  });

  it("is too old, or is no Redis", async () => {
    const old = await listening((socket) =>
      socket.on("data", (asked) => {
        for (const [, word] of String(asked).matchAll(/^\*\d+\r\n\$\d+\r\n(\w+)/gm))
          socket.write(ANSWERS_OF_OLD[word?.toLowerCase() ?? ""] ?? "+OK\r\n");
      }),
    );
    expect(await opened(`redis://127.0.0.1:${old}`)).toMatch(
      /^ConfigurationError: .* is too old \(4\.0\.9\)/,
    );
    const web = await listening((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    expect(await opened(`redis://:s3cret@127.0.0.1:${web}`)).toMatch(
      /^ConfigurationError: .* is no Redis/,
    );
    expect(await opened(`redis://:s3cret@127.0.0.1:${await freePort()}`)).toMatch(
      /^UnavailableError: QUEUE_URL: no Redis answers at 127.*ECONNREFUSED/,
    );
  });

  it("opens with a warning if it evicts keys", async () => {
    const server = await redis({ args: ["--maxmemory-policy", "allkeys-lru"] });
    expect(await opened(server.url)).toMatch(/^open; .* evicts keys .*allkeys-lru.*noeviction/);
  });
});

// Needs a real Redis: the embedded queue is none.
describe.skipIf(!probe.found)("a Redis that is made a replica while it is in use", () => {
  it("is not ready, is asked again at leisure, and goes on where it is the primary again", async () => {
    const [server, primary] = [await redis(), await redis()];
    const errors: Error[] = [];
    const transport = await open(server.url, (error) => errors.push(error));
    const taken: unknown[] = [];
    const settings = { concurrency: 4, lockMs: 5_000, stalledCheckMs: 1_000, graceMs: 100 };
    const stop = await transport.work("jobs", settings, async (data) => {
      taken.push(data);
      return { kind: "done" };
    });
    await transport.enqueue("jobs", [{ id: "a.1", data: { n: 1 } }]);
    await eventually(() => taken.length === 1);
    await server.tell(`replicaof 127.0.0.1 ${new URL(primary.url).port}`);
    await eventually(() =>
      transport.ping().then(
        () => false,
        () => true,
      ),
    );
    const [before, since] = [errors.length, performance.now()];
    await eventually(() => performance.now() - since > 3_000 && errors.length > before, {
      within: 20_000,
    });
    expect(errors.length - before).toBeLessThan(40 * ((performance.now() - since) / 3_000));
    await expect(transport.ping()).rejects.toThrow();
    await server.tell("replicaof no one");
    await eventually(() => transport.ping().then(() => true), { within: 15_000 });
    await eventually(() =>
      transport.enqueue("jobs", [{ id: "a.2", data: { n: 2 } }]).then(() => true),
    );
    await eventually(() => taken.length === 2, { within: 15_000 });
    await stop();
  });
});

// Needs a real Redis: the embedded queue is none.
describe.skipIf(!probe.found)("a Redis that is full while it is in use", () => {
  it("has each connection opened anew once for all that it refused", async () => {
    const warnings: string[] = [];
    const warned = ({ message }: Error): void => void warnings.push(message);
    process.on("warning", warned);
    onTestFinished(() => void process.off("warning", warned));
    const server = await redis();
    const transport = await open(server.url);
    await server.tell("config set maxmemory 1");
    const pings = Array.from({ length: 20 }, () => transport.ping());
    const outcomes = await Promise.allSettled(pings);
    expect(outcomes.map(({ status }) => status)).not.toContain("fulfilled");
    await server.tell("config set maxmemory 0");
    await eventually(() => transport.ping().then(() => true), { within: 15_000 });
    expect(warnings).toEqual([]);
  });
});

// Needs a real Redis: the embedded queue is none.
describe.skipIf(!probe.found)("connections to a Redis that fall silent", () => {
  it("are cut and made again, while jobs wait and while one is done", async () => {
    const server = await redis();
    const line = await openLine(server.url);
    onTestFinished(() => line.cut());
    const transport = await open(line.url);
    const taken: unknown[] = [];
    const settings = { concurrency: 1, lockMs: 2_000, stalledCheckMs: 500, graceMs: 100 };
    const stop = await transport.work("jobs", settings, async (data) => {
      taken.push(data);
      if (taken.length === 1) line.swallow(); // What became of the job is told to nobody.
      return { kind: "done" };
    });
    await transport.enqueue("jobs", [{ id: "a.1", data: { n: 1 } }]);
    await eventually(() => taken.length > 0);
    const another = () =>
      transport.enqueue("jobs", [{ id: "a.2", data: { n: 2 } }]).then(() => true);
    await eventually(another, { within: 30_000 });
    await eventually(() => expect(taken).toContainEqual({ n: 2 }), { within: 30_000 });
    await stop();
  });
});

const ANSWERS_OF_OLD: Readonly<Record<string, string>> = {
  hello:
    "-ERR unknown command `hello`, with args beginning with: `3`, `AUTH`, `default`, `s3cret`\r\n",
  info: "$19\r\nredis_version:4.0.9\r\n",
};

async function listening(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => onConnection(socket.on("error", () => undefined)));
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return port;
}
