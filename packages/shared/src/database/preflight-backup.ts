/** Whether backups can be taken here: by which program, and to which place. Looked at before a run depends on it. */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { promisify } from "node:util";
import { type BackupVariables, placeOfBackups } from "../config/backup-variables.ts";
import { ConfigurationError } from "../config/failure.ts";
import { errorCode } from "./failures.ts";
import type { Queryable } from "./pool.ts";
import { serverVersion } from "./reach.ts";

/** How backups are taken. */
export interface BackupPlace {
  /** A folder, or what the command understands; without a slash at its end. */
  readonly to: string;
  /** A line for sh; undefined: `to` is a folder. */
  readonly command: string | undefined;
  readonly silenceMs: number;
}

/**
 * Undefined where BACKUP is off. Throws `ConfigurationError` for what keeps a backup from being taken: a variable, pg_dump, its
 * version, the folder. `target` has been reached.
 */
export async function preflightBackup(
  settings: BackupVariables,
  target: Queryable,
): Promise<BackupPlace | undefined> {
  const { BACKUP, BACKUP_TO, BACKUP_COMMAND: command, BACKUP_SILENCE_MS: silenceMs } = settings;
  if (BACKUP === "off") return undefined;
  const to = placeOf(BACKUP_TO, command);
  await requirePgDump(target);
  if (command === undefined) await requireWritable(to);
  return { to, command, silenceMs };
}

function placeOf(to: string | undefined, command: string | undefined): string {
  if (to === undefined)
    throw new ConfigurationError(
      "BACKUP_TO is missing, with BACKUP=pg_dump: name a folder, or what BACKUP_COMMAND understands",
    );
  if (URL.canParse(to) && new URL(to).password !== "")
    throw new ConfigurationError(
      "BACKUP_TO holds a password, and is shown to people: give it to BACKUP_COMMAND in its own environment",
    );
  if (command === undefined && !isAbsolute(to))
    throw new ConfigurationError(
      "BACKUP_TO is no folder that begins with /: name one, or say with BACKUP_COMMAND how dumps get there",
    );
  return placeOfBackups(to);
}

async function requirePgDump(target: Queryable): Promise<void> {
  const { rows } = await target.query<{ embedded: boolean }>(
    "select version() like '%PGlite%' as embedded",
  );
  if (rows[0]?.embedded === true)
    throw new ConfigurationError(
      "BACKUP=pg_dump: the target is the embedded PostgreSQL, which pg_dump cannot read: set BACKUP=off, and copy its data folder while it is stopped",
    );
  const server = await serverVersion(target);
  const ours = await pgDumpVersion();
  if (ours >= Math.floor(server.number / 10_000)) return;
  throw new ConfigurationError(
    `BACKUP=pg_dump: pg_dump ${ours} does not read the target, PostgreSQL ${server.text}: install the client of that version or a newer one`,
  );
}

/** The major version of pg_dump. */
async function pgDumpVersion(): Promise<number> {
  try {
    const { stdout } = await promisify(execFile)("pg_dump", ["--version"]);
    return Number(/\b(\d+)(\.|devel|beta|rc|$| )/.exec(stdout)?.[1] ?? Number.NaN);
  } catch (cause) {
    throw new ConfigurationError(
      `BACKUP=pg_dump: pg_dump cannot be run here (${errorCode(cause) ?? "it failed"}): install the client of the target's PostgreSQL, or a newer one`,
      { cause },
    );
  }
}

/** The folder is not made: what is not mounted must not be hidden by a folder of the same name. */
async function requireWritable(folder: string): Promise<void> {
  const file = join(folder, `.nexus-${randomUUID()}`);
  try {
    await (await open(file, "wx", 0o600)).close();
    await rm(file);
  } catch (cause) {
    throw new ConfigurationError(
      `BACKUP_TO: nothing can be written to that folder (${errorCode(cause) ?? "it failed"}): make it, or mount it, for the account of the extractor`,
      { cause },
    );
  }
}
