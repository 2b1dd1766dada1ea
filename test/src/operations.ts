/** docs/operations.md for tests: its commands, and servers as they are prepared there. */
import {
  type PrivatePostgres,
  type PrivateRedis,
  runCommand,
  type RunningStack,
  startPostgres,
  startRedis,
} from "@nexus/shared/testing";
import { read, ROOT } from "./platform/files.ts";

/** A code block of a section, the first of its language unless said otherwise. Throws where there is none. */
export function block(section: string, language: "sh" | "sql" | "yaml", at = 0): string {
  const [, after = ""] = read("docs/operations.md").split(`\n## ${section}\n`);
  const [own = ""] = after.split(/^## /m);
  const all = [...own.matchAll(/^( *)```(\w+)\n([^]*?)^ *```$/gm)].filter(
    ([, , found]) => found === language,
  );
  const [, indent = "", , code] = all[at] ?? [];
  if (code === undefined)
    throw new Error(`docs/operations.md: ${section} has no block ${language} ${at}`);
  return code.replaceAll(new RegExp(`^${indent}`, "gm"), "");
}

/** Runs a block as an operator would, in the repository. Throws when a command of it fails. */
export async function runBlock(
  script: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const options = { cwd: ROOT, env: { PATH: process.env["PATH"], ...env } };
  const { code, stderr } = await runCommand("bash", ["-euo", "pipefail", "-c", script], options);
  if (code !== 0) throw new Error(`${script}\nended with ${code}:\n${stderr}`);
}

/** The same server for another role, or another database. */
export function at(
  url: string,
  change: { readonly role?: string; readonly database?: string },
): string {
  const { username, pathname } = new URL(url);
  const { role = username, database = pathname } = change;
  return Object.assign(new URL(url), { username: role, pathname: database }).href;
}

export interface PreparedServers extends RunningStack {
  readonly redis: PrivateRedis;
  /** Lets the role `reader` read the legacy tables, which must be there. Resolves to its URL. */
  openLegacy(): Promise<string>;
}

/** Private servers with the roles of the page. Undefined where there are none, or no pgvector. */
export async function preparedServers(): Promise<PreparedServers | undefined> {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const stop = async (): Promise<void> => {
    for (const server of [postgres, redis]) if (server.found) await server.stop();
  };
  if (!postgres.found || !redis.found || !(await hasVectors(postgres))) {
    await stop();
    return undefined;
  }
  const [onLegacy = "", onTarget = ""] = block("Install", "sql").split(/^(?=create role nexus)/m);
  const [legacyUrl, targetUrl] = ["dispatch", "target"].map((database) =>
    at(postgres.url, { database }),
  );
  const [dispatch = "", target = ""] = [legacyUrl, targetUrl];
  for (const name of ["dispatch", "target"])
    await postgres.psql(postgres.url, ["-c", `create database ${name}`]);
  await postgres.psql(target, ["-c", onTarget]);
  return {
    madeOf: `PostgreSQL ${postgres.version}, Redis ${redis.version}`,
    legacyUrl: dispatch,
    targetUrl: at(target, { role: "nexus" }),
    queueUrl: await redis.database(),
    database: postgres,
    queue: redis,
    stop,
    redis,
    openLegacy: async () => {
      await postgres.psql(dispatch, ["-c", onLegacy]);
      return at(dispatch, { role: "reader" });
    },
  };
}

async function hasVectors({ psql, url }: PrivatePostgres): Promise<boolean> {
  const found = await psql(url, [
    "-Atc",
    "select 1 from pg_available_extensions where name = 'vector'",
  ]);
  return found !== "";
}
