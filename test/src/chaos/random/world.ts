/** Servers that are started once, and for each seed a round: databases of its own, lines to them, and processes. */
import { entities } from "@nexus/catalog";
import { makeSample } from "@nexus/local/sample";
import { serviceToRun } from "@nexus/local/services";
import { openPool, type Pool } from "@nexus/shared/database";
import { migrateTarget } from "@nexus/shared/ledger";
import { closers } from "@nexus/shared/runtime";
import {
  type Line,
  openLine,
  type PrivatePostgres,
  type PrivateRedis,
  startPostgres,
  startRedis,
} from "@nexus/shared/testing";
import { makeFloor } from "../../beside-the-floor.ts";
import { type Pods, openPods } from "./pods.ts";

/** Roles of the services: one may be refused while the test itself is let in. */
export const ROLES = { source: "chaos_reader", target: "chaos_writer" } as const;

/** Rows of the sample's tables: about 50 batches of 50 rows. */
export const SAMPLE = { scale: 0.01, seed: 5, shape: "real" } as const;

/** The namespace that floor.sql uses. */
const NAMESPACE = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

/** What is locked already is not struck: neither waits for the other. */
const LOCKED_FOR_LONG = "options=-c%20lock_timeout%3D5s";

export interface World {
  readonly postgres: PrivatePostgres;
  readonly redis: PrivateRedis;
  /** A round on databases that nobody has used. Processes are those of the round before, where they have the same environment. */
  round(env: Readonly<Record<string, string>>): Promise<Round>;
  close(): Promise<void>;
}

export interface Round extends Pick<World, "postgres" | "redis"> {
  /** Source (schema `legacy`), target (`public`) and floor (`floor`): floor.sql needs them in one database. */
  readonly url: string;
  /** The same, for who changes it in the middle of a run: locks are not waited for for long. */
  readonly hastyUrl: string;
  /** Not by way of a line, and as a role that is never refused. */
  readonly db: Pool;
  readonly lines: Lines;
  readonly pods: Pods;
  /** What services are given: by way of the lines. */
  readonly env: Readonly<Record<"LEGACY_URL" | "TARGET_URL" | "QUEUE_URL", string>>;
  close(): Promise<void>;
}

type Lines = Readonly<Record<"source" | "target" | "queue", Line>>;

/** Starts the servers, and no process yet. */
export async function openWorld(): Promise<World> {
  const open = closers();
  try {
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    if (postgres.found) open.push("PostgreSQL", () => postgres.stop());
    if (redis.found) open.push("Redis", () => redis.stop());
    if (!postgres.found) throw new Error(postgres.reason);
    if (!redis.found) throw new Error(redis.reason);
    const made = {
      postgres,
      redis,
      template: await makeTemplate(postgres),
      ...(await openCrew(postgres, redis)),
    };
    open.push("pods", () => made.pods.killAll());
    let rounds = 0;
    return {
      postgres,
      redis,
      round: async (env) => await openRound(made, (rounds += 1), env),
      close: () => open.closeAll(),
    };
  } catch (error) {
    await open.closeAll();
    throw error;
  }
}

async function makeTemplate(postgres: PrivatePostgres): Promise<string> {
  const url = await postgres.database("chaos_template");
  await makeSample({ url, ...SAMPLE, schema: "legacy" });
  const db = openPool({ url, max: 1, name: "test", onError: () => undefined });
  try {
    await migrateTarget({ target: db, entities, idNamespace: NAMESPACE });
    await makeFloor(postgres, url);
    await db.query(
      `create role ${ROLES.source} login; create role ${ROLES.target} superuser login;
       grant usage on schema legacy to ${ROLES.source}; grant select on all tables in schema legacy to ${ROLES.source};
       alter default privileges in schema legacy grant select on tables to ${ROLES.source}`,
    );
  } finally {
    await db.end();
  }
  return url;
}

interface Crew {
  /** Of the database of each round: it is always called the same. */
  readonly url: string;
  readonly lines: Lines;
  readonly pods: Pods;
}

/** Lines, and processes that work by way of them, round after round: starting them takes most of a round's processor time. */
async function openCrew(postgres: PrivatePostgres, redis: PrivateRedis): Promise<Crew> {
  const named = new URL(postgres.url);
  named.pathname = "/chaos";
  const url = named.href;
  const lines = {
    source: await openLine(as(ROLES.source, `${url}?options=-c%20search_path%3Dlegacy`)),
    target: await openLine(as(ROLES.target, url)),
    queue: await openLine(await redis.database()),
  };
  const addresses = {
    legacyUrl: lines.source.url,
    targetUrl: lines.target.url,
    queueUrl: lines.queue.url,
  };
  return { url, lines, pods: openPods((name, env) => serviceToRun(name, addresses, env)) };
}

type Made = Crew & Pick<World, "postgres" | "redis"> & { readonly template: string };

async function openRound(
  { postgres, redis, template, url, lines, pods }: Made,
  nth: number,
  env: Readonly<Record<string, string>>,
): Promise<Round> {
  await pods.workWith(env);
  await redis.flush();
  await renewDatabase(postgres, template, url);
  for (const line of Object.values(lines)) await line.mend();
  const hastyUrl = `${url}?${LOCKED_FOR_LONG}`;
  const db = openPool({
    url: hastyUrl,
    max: 12,
    name: "test",
    silenceMs: 30_000,
    onError: () => undefined,
  });
  // Processes remember runs by their numbers.
  await db.query("select setval(pg_get_serial_sequence('migration.runs', 'id'), $1)", [nth * 100]);
  return {
    postgres,
    redis,
    url,
    hastyUrl,
    db,
    lines,
    pods,
    env: { LEGACY_URL: lines.source.url, TARGET_URL: lines.target.url, QUEUE_URL: lines.queue.url },
    close: () => db.end(),
  };
}

/** Roles belong to the server: what was done to them is undone, too. */
async function renewDatabase(
  postgres: PrivatePostgres,
  template: string,
  url: string,
): Promise<void> {
  await postgres.drop(url);
  const fresh = await postgres.database("chaos", { template });
  const admin = openPool({ url: postgres.url, max: 1, name: "test", onError: () => undefined });
  try {
    await admin.query(`alter database ${new URL(fresh).pathname.slice(1)} rename to chaos`);
    for (const role of Object.values(ROLES))
      await admin.query(`alter role ${role} login connection limit -1`);
  } finally {
    await admin.end();
  }
}

function as(role: string, url: string): string {
  const given = new URL(url);
  given.username = role;
  return given.href;
}
