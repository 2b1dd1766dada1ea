import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Collects the lines of all processes in one file, each with the time and the name of its process. Written at
 * once, so that the last words of a process that dies are there.
 *
 * @returns a function that gives each process its own `log`.
 */
export function openLog(file: string): (name: string) => (line: string) => void {
  mkdirSync(dirname(file), { recursive: true });
  return (name) => (line) => appendFileSync(file, `${new Date().toISOString()} ${name} ${line}\n`);
}
