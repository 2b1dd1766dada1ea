import { readFileSync } from "node:fs";
import type { Account } from "./server-process.ts";

/**
 * PostgreSQL refuses to run as root: then it runs as `postgres` or `nobody`, found in /etc/passwd.
 * Undefined where we are not root.
 */
export function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync("/etc/passwd", "utf8").split("\n").map(parseAccount);
  const found = ["postgres", "nobody"].flatMap((name) =>
    accounts.filter((one) => one.name === name),
  )[0];
  return found && { uid: found.uid, gid: found.gid };
}

function parseAccount(line: string): Account & { name: string } {
  const [name = "", , uid, gid] = line.split(":");
  return { name, uid: Number(uid), gid: Number(gid) };
}
