/** A Redis and its standby behind one address: they change places, and services know the address only. */
import {
  eventually,
  type Missing,
  openLine,
  type PrivateRedis,
  startRedis,
} from "@nexus/shared/testing";

export interface Pair {
  readonly found: true;
  /** The address, with a database. */
  readonly url: string;
  /** Waits until the standby follows, and holds all that the primary does. */
  inStep(): Promise<void>;
  /** The standby stops following: what comes from now on, it will lack. */
  fallBehind(): Promise<void>;
  /** The standby becomes the primary and the primary its standby. Open connections stay on that, which takes no writes any more. */
  demote(): Promise<void>;
  /** The primary is out of reach, and its connections are cut. The standby becomes the primary. */
  lose(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts two servers, of which the second does not follow yet. */
export async function startPair(): Promise<Pair | Missing> {
  const [first, second] = await Promise.all([startRedis(), startRedis()]);
  if (!first.found) return first;
  if (!second.found) return second;
  const line = await openLine(await first.database());
  let [primary, standby] = [first, second];
  const promote = async (): Promise<void> => {
    await standby.tell("replicaof no one");
    line.turnTo(standby.url);
    [primary, standby] = [standby, primary];
  };
  return {
    found: true,
    url: line.url,
    inStep: async () => {
      await follow(primary, standby);
      await eventually(async () => (await standby.says("master_link_status")) === "up", {
        within: 20_000,
      });
    },
    fallBehind: () => standby.tell("replicaof no one"),
    demote: async () => {
      await promote();
      await follow(primary, standby);
    },
    lose: async () => {
      await promote();
      line.reset();
    },
    stop: async () => {
      await Promise.all([line.cut(), first.stop(), second.stop()]);
    },
  };
}

async function follow(primary: PrivateRedis, standby: PrivateRedis): Promise<void> {
  await primary.tell("config set repl-diskless-sync-delay 0"); // Else a standby waits five seconds for others.
  await standby.tell(`replicaof 127.0.0.1 ${new URL(primary.url).port}`);
}
