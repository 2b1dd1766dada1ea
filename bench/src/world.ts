/** A private PostgreSQL with the server's own defaults, a private Redis, and the sample in schema `legacy`. */
import { fileURLToPath } from "node:url";
import { entities } from "@nexus/catalog";
import { makeSample } from "@nexus/local/sample";
import { type Servers, serviceToRun } from "@nexus/local/services";
import { withPool } from "@nexus/shared/database";
import { migrateTarget } from "@nexus/shared/ledger";
import {
  type ServiceProcess,
  startPostgres,
  startRedis,
  startService,
} from "@nexus/shared/testing";

const FLOOR = fileURLToPath(new URL("../floor.sql", import.meta.url));

export interface World {
  /** The database that holds the sample in schema `legacy`; the floor is measured in it. */
  readonly sourceUrl: string;
  readonly madeOf: string;
  /** Runs floor.sql beside the sample. Seconds of the whole. */
  floor(): Promise<number>;
  /** A new, migrated target beside it, and an empty queue. */
  newTarget(): Promise<Servers>;
  /** Peak memory of Redis since it was started, in bytes. */
  redisPeak(): Promise<number>;
  stop(): Promise<void>;
}

/** `analyze` runs at the end of the sample: the legacy side is a database that has been used for years. */
export async function openWorld(scale: number): Promise<World> {
  const [postgres, redis] = await Promise.all([
    startPostgres({ durable: "machine" }),
    startRedis(),
  ]);
  if (!postgres.found) throw new Error(postgres.reason);
  if (!redis.found) throw new Error(redis.reason);
  const sourceUrl = await postgres.database("source");
  await makeSample({ url: sourceUrl, scale, seed: 1, shape: "real", schema: "legacy" });
  /** What was written before is on disk before anything is measured: else each run would pay for the one before it. */
  const settleDisk = () => postgres.psql(sourceUrl, ["-c", "checkpoint"]);
  return {
    sourceUrl,
    madeOf: `PostgreSQL ${postgres.version}, Redis ${redis.version}`,
    newTarget: async () => {
      await settleDisk();
      const targetUrl = await postgres.database("target");
      await withPool({ url: targetUrl, max: 1, name: "nexus-bench" }, (target) =>
        migrateTarget({ target, entities }),
      );
      return {
        legacyUrl: `${sourceUrl}?options=-c%20search_path%3Dlegacy`,
        targetUrl,
        queueUrl: await redis.database(),
      };
    },
    floor: async () => {
      await settleDisk();
      const printed = await postgres.psql(sourceUrl, [
        "-v",
        "legacy=legacy",
        "-v",
        "target=floor",
        "-f",
        FLOOR,
      ]);
      const total = /^total ([\d.]+)$/m.exec(printed)?.[1];
      if (total === undefined) throw new Error("floor.sql printed no total");
      return Number(total);
    },
    redisPeak: () => redis.peakMemory(),
    stop: async () => {
      await Promise.all([postgres.stop(), redis.stop()]);
    },
  };
}

/** Starts an extractor and some loaders, ready to work; `env` is added to their environment. */
export async function startServices(
  servers: Servers,
  loaders: number,
  env: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess[]> {
  const wanted = [
    "extractor" as const,
    ...Array.from({ length: loaders }, () => "loader" as const),
  ];
  return await Promise.all(wanted.map((name) => startService(serviceToRun(name, servers, env))));
}

/** Starts some embedders; `env` says at least which provider they have. */
export async function startEmbedders(
  servers: Servers,
  count: number,
  env: Readonly<Record<string, string>>,
): Promise<ServiceProcess[]> {
  const embedder = (): Promise<ServiceProcess> =>
    startService(serviceToRun("embedder", servers, env));
  return await Promise.all(Array.from({ length: count }, embedder));
}
