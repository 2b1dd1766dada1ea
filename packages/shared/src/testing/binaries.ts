import { accessSync, constants, readdirSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/** Where package managers put PostgreSQL outside of PATH: a folder of versions, and the path to `bin` below each. */
const postgresFolders = [
  ["/usr/lib/postgresql", "bin"],
  ["/opt/homebrew/opt", "bin"],
  ["/usr/local/opt", "bin"],
] as const;

/** The folder that holds both `initdb` and `postgres`: on PATH first, else the newest installed; undefined if there is none. */
export function findPostgres(): string | undefined {
  if (leftOut("servers")) return undefined;
  const onPath = pathFolders().flatMap((folder) => realFolder(join(folder, "postgres")));
  const installed = postgresFolders.flatMap(([folder, bin]) =>
    versions(folder).map((name) => join(folder, name, bin)),
  );
  return [...onPath, ...installed].find((folder) =>
    ["initdb", "postgres"].every((name) => isExecutable(join(folder, name))),
  );
}

/** The path of a Redis server (Valkey speaks the same), undefined if there is none. */
export function findRedis(): string | undefined {
  if (leftOut("servers")) return undefined;
  return pathFolders()
    .flatMap((folder) => [join(folder, "redis-server"), join(folder, "valkey-server")])
    .find(isExecutable);
}

/** What of PostgreSQL's client is not on PATH here, in a sentence for a test that is skipped; undefined: nothing that backups need. */
export function withoutPgDump(): string | undefined {
  const missing = ["pg_dump", "pg_restore", "psql", "awk"].filter(
    (name) => !pathFolders().some((folder) => isExecutable(join(folder, name))),
  );
  return missing.length === 0
    ? undefined
    : `this machine has no ${missing.join(", ")} (postgresql-client)`;
}

/** The path of Chromium or Chrome, undefined if there is none. */
export function findBrowser(): string | undefined {
  if (leftOut("browser")) return undefined;
  const names = ["chromium", "chromium-browser", "google-chrome"];
  return pathFolders()
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(isExecutable);
}

/** `NEXUS_WITHOUT=servers,browser`: as if they were not installed. */
function leftOut(what: "servers" | "browser"): boolean {
  return (process.env["NEXUS_WITHOUT"] ?? "").split(",").includes(what);
}

/** PATH, and the folder of system binaries that a login shell may lack. */
function pathFolders(): string[] {
  return [...(process.env["PATH"] ?? "").split(delimiter).filter(Boolean), "/usr/sbin"];
}

/** Debian and others link `postgres` into PATH without `initdb`: the folder it really lies in has both. */
function realFolder(file: string): string[] {
  return isExecutable(file) ? [dirname(realpathSync(file))] : [];
}

function versions(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => /^(\d|postgresql)/.test(name));
    return names.sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  } catch {
    return [];
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
