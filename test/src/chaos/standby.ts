/** A Redis and its standby behind one address: they change places, and services know the address only. */
import {
  eventually,
  type Line,
  openLine,
  type RedisServer,
  redisAt,
  type Stack,
  startRedis,
} from "@nexus/shared/testing";

export interface Pair {
  /** Waits until the standby follows, and holds all that the primary does. */
  inStep(): Promise<void>;
  /** The standby stops following: what comes from now on, it will lack. */
  fallBehind(): Promise<void>;
  /** The standby becomes the primary and the primary its standby. Open connections stay on that, which takes no writes any more. */
  demote(): Promise<void>;
  /** The primary is out of reach, and its connections are cut. The standby becomes the primary. */
  lose(): Promise<void>;
}

/** A stack whose queue has a standby. `pair` is there once it is started. */
export function withStandby(stack: Stack): Stack & { pair(): Pair } {
  let pair: Pair | undefined;
  return {
    name: stack.name,
    pair: () => {
      if (pair === undefined) throw new Error("the stack is not started");
      return pair;
    },
    start: async () => {
      const running = await stack.start();
      const standby = await startRedis();
      if (!standby.found) throw new Error(standby.reason);
      const line = await openLine(running.queueUrl);
      pair = changing(line, await redisAt(running.queueUrl), standby);
      const stop = async (): Promise<void> => {
        await Promise.all([line.cut(), standby.stop()]);
        await running.stop();
      };
      return { ...running, queueUrl: line.url, stop };
    },
  };
}

function changing(line: Line, first: RedisServer, second: RedisServer): Pair {
  let [primary, standby] = [first, second];
  const follow = async (): Promise<void> => {
    await primary.tell("config set repl-diskless-sync-delay 0"); // Else a standby waits five seconds for others.
    await standby.tell(`replicaof 127.0.0.1 ${new URL(primary.url).port}`);
  };
  const promote = async (): Promise<void> => {
    await standby.tell("replicaof no one");
    line.turnTo(standby.url);
    [primary, standby] = [standby, primary];
  };
  return {
    inStep: async () => {
      await follow();
      await eventually(async () => (await standby.says("master_link_status")) === "up", {
        within: 20_000,
      });
    },
    fallBehind: () => standby.tell("replicaof no one"),
    demote: async () => {
      await promote();
      await follow();
    },
    lose: async () => {
      await promote();
      line.reset();
    },
  };
}
