/** Before the queue is opened: does the Redis answer, let us in, and can it carry a queue? */
import { connect } from "node:net";
import type { Redis } from "ioredis";
import { ConfigurationError, type StartFailure, UnavailableError } from "../config/failure.ts";
import { connectionRefusal } from "../runtime/connection-refusal.ts";
import { ioredis } from "./libraries.ts";
import { requireCommands } from "./redis-commands.ts";
import type { RedisPlace } from "./redis-place.ts";
import { refusalAtStart, unknownRefusal } from "./redis-refusals.ts";
import type { TransportWarning } from "./transport.ts";

/** Milliseconds that the server has to answer. */
const PATIENCE_MS = 10_000;

/** Milliseconds that a server has for its first word, where it does not let us in. */
const GREETING_MS = 500;

/** What BullMQ cannot do without, and what it is tested with. */
const OLDEST = [5, 0] as const;
const ADVISED = [6, 2] as const;

/** Returns what is worth a word. Throws `UnavailableError` or `ConfigurationError` where it cannot carry the queue. */
export async function examineRedis(place: RedisPlace, prefix: string): Promise<TransportWarning[]> {
  const redis = new ioredis.Redis({
    ...place.options,
    db: 0, // Chosen below: ioredis goes on in database 0 where there is none of that number.
    lazyConnect: true,
    connectTimeout: PATIENCE_MS,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let reason: unknown;
  redis.on("error", (error) => (reason = error)); // The call that it keeps from being done says only that the connection is closed.
  try {
    return await withinPatience(look(redis, place, prefix));
  } catch (error) {
    throw await failureOf(place, error, reason);
  } finally {
    redis.disconnect();
  }
}

async function look(redis: Redis, place: RedisPlace, prefix: string): Promise<TransportWarning[]> {
  await redis.connect();
  const facts = await factsOf(redis);
  const name = `QUEUE_URL: the Redis at ${place.name}`;
  requireFit(name, facts);
  await redis.select(place.database);
  await requireCommands(redis, prefix);
  await requireWrites(redis, prefix);
  return warningsOf(name, place, facts);
}

/**
 * Writes as a queue does, and leaves nothing: resolves where the server takes it. A replica, a cluster, a full disk or memory answers
 * everything else as if it were well.
 */
export async function requireWrites(redis: Redis, prefix: string): Promise<void> {
  await redis.eval(`return redis.call("set", KEYS[1], "1", "px", 1)`, 1, `${prefix}:writes`);
}

type Facts = ReadonlyMap<string, string>;

/** Asks for `INFO`. Not every server gives it to everybody: then nothing is known. */
async function factsOf(redis: Redis): Promise<Facts> {
  const info = await redis.info().catch((error: Error) => {
    if (/NOPERM|unknown command/i.test(error.message)) return "";
    throw error;
  });
  return new Map(
    info.split("\n").flatMap((line): [string, string][] => {
      const [name = "", value] = line.trim().split(":");
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function requireFit(name: string, facts: Facts): void {
  const version = facts.get("redis_version") ?? "";
  if (isOlder(version, OLDEST))
    throw new ConfigurationError(
      `${name} is too old (${version}): ${OLDEST.join(".")} or newer is needed, ${ADVISED.join(".")} is advised`,
    );
  for (const [fact, value, answer] of UNFIT)
    if (facts.get(fact) === value)
      throw refusalAtStart(name, new Error(answer)) ?? new Error(answer);
}

/** What the server says of itself, in the words in which it would refuse. */
const UNFIT = [
  ["loading", "1", "LOADING"],
  ["cluster_enabled", "1", "CROSSSLOT"],
  ["role", "slave", "READONLY"],
] as const;

/** What may be wrong with a Redis that can carry the queue; `facts` as its `INFO` names them. */
export function warningsOf(name: string, place: RedisPlace, facts: Facts): TransportWarning[] {
  const [policy, version] = [
    facts.get("maxmemory_policy") ?? "noeviction",
    facts.get("redis_version") ?? "",
  ];
  const found: TransportWarning[] = [];
  const warn = (code: TransportWarning["code"], says: string): void =>
    void found.push({ code, says: `${name} ${says}` });
  if (policy !== "noeviction")
    warn(
      "queue_evicts",
      `evicts keys when its memory is full (maxmemory-policy ${policy}), jobs among them: set it to noeviction`,
    );
  if (isOlder(version, ADVISED))
    warn("queue_old", `is old (${version}): ${ADVISED.join(".")} or newer is advised`);
  if (place.isPlainBeyondHere)
    warn(
      "plain_text",
      "is reached in plain text, password and all: use rediss:// where others may listen on the way",
    );
  return found;
}

function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const found = /^(\d+)\.(\d+)/.exec(version);
  if (found === null) return false;
  return Number(found[1]) * 1_000 + Number(found[2]) < major * 1_000 + minor;
}

async function failureOf(
  place: RedisPlace,
  error: unknown,
  reason: unknown,
): Promise<StartFailure> {
  return (
    answered(place, error) ??
    answered(place, reason) ??
    answered(place, await greeting(place)) ??
    unanswered(place, reason ?? error)
  );
}

/** What it says to whoever connects, before it hangs up: ioredis hears only that, as it has something to say itself. */
async function greeting({ options: { host, port, family } }: RedisPlace): Promise<unknown> {
  const socket = connect({ host, port, family });
  socket.setTimeout(GREETING_MS, () => socket.destroy());
  try {
    for await (const said of socket) return new Error(String(said));
  } catch {
    // It is as if nobody answered.
  } finally {
    socket.destroy();
  }
  return undefined;
}

/** The failure of a server that said why. */
function answered({ name: at }: RedisPlace, cause: unknown): StartFailure | undefined {
  if (cause instanceof ConfigurationError || cause instanceof UnavailableError) return cause;
  if (!(cause instanceof Error)) return undefined;
  const name = `QUEUE_URL: the Redis at ${at}`;
  const refusal = connectionRefusal(cause);
  return refusal === undefined
    ? (refusalAtStart(name, cause) ?? unknownRefusal(name, cause))
    : new ConfigurationError(`${name}: ${refusal}`, { cause });
}

function unanswered({ name, options: { tls } }: RedisPlace, cause: unknown): StartFailure {
  const code: unknown = cause instanceof Error ? Reflect.get(cause, "code") : undefined;
  const known = typeof code === "string" ? ` (${code})` : "";
  const otherWay =
    tls === undefined ? "A port for TLS needs rediss://" : "A port without TLS needs redis://";
  return new UnavailableError(
    `QUEUE_URL: no Redis answers at ${name}${known}: is it running, and reachable from here? ${otherWay}`,
    { cause },
  );
}

async function withinPatience<T>(call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it did not answer in time")), PATIENCE_MS);
  });
  return await Promise.race([call, late]).finally(() => clearTimeout(timer));
}
