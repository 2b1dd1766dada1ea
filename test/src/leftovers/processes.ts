/** Processes, as Linux shows them. */
import { readdirSync, readFileSync } from "node:fs";

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Its number and when it started: numbers are given again. */
  readonly id: string;
  readonly command: string;
}

/** All that run below a process, itself left out. */
export function processesBelow(pid: number): Process[] {
  const all = processes();
  const found = all.filter(({ parent }) => parent === pid);
  for (const one of found) found.push(...all.filter(({ parent }) => parent === one.pid));
  return found;
}

/** Those that are still there, for people to read. */
export function stillThere(those: readonly Process[]): string[] {
  const ids = new Set(processes().map(({ id }) => id));
  return those.filter(({ id }) => ids.has(id)).map(({ pid, command }) => `${pid} ${command}`);
}

/** Without those that have ended and wait for their parent to notice. */
function processes(): Process[] {
  return readdirSync("/proc").flatMap((entry) => (/^\d+$/.test(entry) ? processOf(entry) : []));
}

function processOf(entry: string): Process[] {
  try {
    const [, pid, , rest = ""] =
      /^(\d+) \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${entry}/stat`, "utf8")) ?? [];
    const fields = rest.split(" ");
    const command = readFileSync(`/proc/${entry}/cmdline`, "utf8")
      .replaceAll("\0", " ")
      .slice(0, 120);
    if (fields[0] === "Z") return [];
    return [{ pid: Number(pid), parent: Number(fields[1]), id: `${pid} ${fields[19]}`, command }];
  } catch {
    return []; // It has ended in between.
  }
}
