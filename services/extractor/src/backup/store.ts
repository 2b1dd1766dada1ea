/** Where a dump is kept: a folder, or what the operator's command makes of it. */
import { createWriteStream } from "node:fs";
import { open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Writable } from "node:stream";
import type { BackupPlace } from "@nexus/shared/database";
import { startChild } from "./child.ts";
import { BackupFailure } from "./failures.ts";

/** A place that is being written to. */
export interface Store {
  readonly keptBy: "folder" | "command";
  /** The place of the dump, for people. */
  readonly file: string;
  readonly sink: Writable;
  /** After the last byte: everything is where it belongs, or this throws. */
  readonly stored: () => Promise<void>;
  /** Gives it its name, as the last thing before the ledger knows of it. */
  readonly publish: () => Promise<void>;
  /** It is of no use: what is there is taken away as far as it can be. */
  readonly abandon: () => Promise<void>;
}

/** What is stored. */
interface Dumping {
  /** Of the file: letters, digits, `_`, `-` and `.`. */
  readonly name: string;
  /** Of who writes it: two never write to one file. */
  readonly claim: number;
}

/** Opens it for writing. */
export async function openStore({ to, command }: BackupPlace, one: Dumping): Promise<Store> {
  return command === undefined ? await inFolder(to, one) : byCommand(command, to, one);
}

/** Written under another name, flushed to the disk, and renamed. A file that has the name is a whole one. */
async function inFolder(folder: string, { name, claim }: Dumping): Promise<Store> {
  await removeLeft(folder, name);
  const file = join(folder, name);
  const partial = `${file}.${claim}${PARTIAL}`;
  const sink = createWriteStream(partial, { flags: "wx", mode: 0o600, flush: true });
  return {
    keptBy: "folder",
    file,
    sink,
    stored: () => Promise.resolve(),
    publish: async () => {
      await rename(partial, file);
      await syncFolder(folder);
    },
    abandon: async () => {
      sink.destroy();
      await rm(partial, { force: true });
    },
  };
}

const PARTIAL = ".partial";

/** What killed extractors left of the same run and entity: their names differ in the instant only. */
async function removeLeft(folder: string, name: string): Promise<void> {
  const same = name.replace(/[^-]*$/, "");
  for (const left of await readdir(folder))
    if (left.startsWith(same) && left.endsWith(PARTIAL))
      await rm(join(folder, left), { force: true });
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Names are given as variables: a shell never reads them as its own. */
function byCommand(command: string, to: string, { name }: Dumping): Store {
  const file = `${to}/${name}`;
  const { LEGACY_URL: _, TARGET_URL: __, QUEUE_URL: ___, ...env } = process.env;
  const child = startChild({
    command: "/bin/sh",
    args: ["-c", command],
    env: { ...env, BACKUP_TO: to, BACKUP_FILE: name, BACKUP_DESTINATION: file },
    ours: "stdin",
  });
  const { stdin } = child.process;
  if (stdin === null) throw new Error("a command without a standard input");
  stdin.on("error", () => undefined); // Told to whoever writes to it, and by the command's end.
  return {
    keptBy: "command",
    file,
    sink: stdin,
    stored: async () => {
      const { code } = await child.ended;
      if (code !== 0) throw new BackupFailure("backup_command");
    },
    publish: () => Promise.resolve(),
    // Ended before its input is: it must not take what it has for all there is.
    abandon: async () => {
      await child.end();
      stdin.destroy();
    },
  };
}
