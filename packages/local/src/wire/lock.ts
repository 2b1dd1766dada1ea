import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** What this process itself has locked: after a restart in a container a dead owner's id may well be our own. */
const held = new Set<string>();

/**
 * Makes sure that one process only opens a data folder; PGlite would let two, and ruin it.
 * The lock is a file beside the folder with the owner's process id; that of a dead process is taken over.
 *
 * @returns a function that gives the lock back.
 * @throws Error if a living process has it.
 */
export function lockFolder(folder: string): () => void {
  const file = `${folder.replace(/\/+$/, "")}.lock`;
  mkdirSync(dirname(file), { recursive: true });
  if (!tryCreate(file)) {
    const owner = Number(readFileSync(file, "utf8"));
    if (owner === process.pid ? held.has(file) : isAlive(owner))
      throw new Error(`data folder in use by process ${owner} (lock file ${file})`);
    rmSync(file, { force: true });
    if (!tryCreate(file))
      throw new Error(`data folder was taken by another process just now (lock file ${file})`);
  }
  held.add(file);
  return () => {
    held.delete(file);
    rmSync(file, { force: true });
  };
}

function tryCreate(file: string): boolean {
  try {
    writeFileSync(file, `${process.pid}`, { flag: "wx" });
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
