/** Whether a Redis lets us give every command that BullMQ gives for us: one that is refused alone, by its ACL or renamed, lets a queue open and stand still. */
import type { Redis } from "ioredis";

/** What the scripts of BullMQ 6.7 call for jobs that are offered, taken, renewed, put off, handed back, done or stalled: each was refused alone, and the queue failed. `k`: a key of ours. */
const IN_SCRIPTS = [
  "set k 1 px 1000",
  "get k",
  "exists k",
  "incr k",
  "pttl k",
  "hset k a 1",
  "hget k a",
  "hgetall k",
  "hincrby k a 1",
  "hmget k a",
  "hmset k a 1",
  "lindex k 0",
  "llen k",
  "lpush k 1",
  "lrange k 0 0",
  "lrem k 0 1",
  "rpoplpush k k",
  "rpush k 1",
  "sadd k 1",
  "scard k",
  "smembers k",
  "srem k 1",
  "xadd k * a 1",
  "xtrim k maxlen 0",
  "zadd k 1 1",
  "zcard k",
  "zpopmin k",
  "zrange k 0 0",
  "zrangebyscore k 0 0",
  "zrem k 1",
  "zrevrangebyscore k 0 0",
  "zscore k 1",
  "del k",
];

/** Of a wrong type, most of them do nothing: a right is looked at before. */
const TRY_ALL = `
  local refused = {}
  for _, line in ipairs(ARGV) do
    local words = {}
    for word in string.gmatch(line, "%S+") do
      table.insert(words, word == "k" and KEYS[1] or word)
    end
    local answer = redis.pcall(unpack(words))
    if type(answer) == "table" and answer.err then table.insert(refused, words[1] .. " " .. answer.err) end
  end
  return refused`;

const NOT_ALLOWED = /NOPERM|can't run this command|no permissions|ACL failure/i;
const NOT_KNOWN = /unknown (redis )?command/i;

/** Throws in the words of Redis where it refuses some of them, with their names. Leaves nothing. */
export async function requireCommands(redis: Redis, prefix: string): Promise<void> {
  const refused = [
    ...(await refusedInScripts(redis, prefix)),
    ...(await refusedAlone(redis, prefix)),
  ];
  const named = (words: RegExp): string =>
    refused.flatMap(([command, answer]) => (words.test(answer) ? command : [])).join(", ");
  const [notAllowed, notKnown] = [named(NOT_ALLOWED), named(NOT_KNOWN)];
  if (notAllowed !== "")
    throw new Error(`NOPERM no permissions to run the '${notAllowed}' command`);
  if (notKnown !== "") throw new Error(`ERR unknown command '${notKnown}'`);
}

type Refused = readonly [command: string, answer: string];

async function refusedInScripts(redis: Redis, prefix: string): Promise<Refused[]> {
  const found = await redis.eval(TRY_ALL, 1, `${prefix}:commands`, ...IN_SCRIPTS);
  return (Array.isArray(found) ? found : []).map((line): Refused => {
    const [command = "", ...answer] = String(line).split(" ");
    return [command, answer.join(" ")];
  });
}

/** Commands of clients. Of no script with that name, no set to wait for, something else is said than of no right. */
async function refusedAlone(redis: Redis, prefix: string): Promise<Refused[]> {
  const calls: readonly (readonly [string, ...string[]])[] = [
    ["info", "server"],
    ["evalsha", "0".repeat(40), "0"],
    ["bzpopmin", `${prefix}:commands`, "0.01"],
  ];
  const answers: Refused[] = [];
  for (const [command, ...args] of calls)
    await redis
      .call(command, ...args)
      .catch((error: Error) => void answers.push([command, error.message]));
  return answers;
}
