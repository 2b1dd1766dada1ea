/** Whether a backup is what the ledger says, where its file can be read. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { promisify } from "node:util";
import type { BackupView } from "@nexus/contract";
import { errorCode } from "@nexus/shared/database";

export type Verified =
  | "verified"
  | "not_done"
  | "elsewhere"
  | "missing"
  | "differs"
  | "unreadable"
  | "no_pg_restore";

/** Reads all of it. */
export async function verifyFile({ status, keptBy, file, sha256 }: BackupView): Promise<Verified> {
  if (status !== "done" || file === null) return "not_done";
  if (keptBy === "command") return "elsewhere";
  const found = await digestOf(file);
  if (found === undefined) return "missing";
  return found === sha256 ? await listed(file) : "differs";
}

/** Undefined where it cannot be read here. */
async function digestOf(file: string): Promise<string | undefined> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk);
  } catch (error) {
    if (["ENOENT", "EACCES", "ENOTDIR"].includes(errorCode(error) ?? "")) return undefined;
    throw error;
  }
  return hash.digest("hex");
}

async function listed(file: string): Promise<Verified> {
  try {
    await promisify(execFile)("pg_restore", ["--list", file]);
    return "verified";
  } catch (error) {
    return errorCode(error) === "ENOENT" ? "no_pg_restore" : "unreadable";
  }
}
