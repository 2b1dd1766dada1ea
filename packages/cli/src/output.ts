/** What a command prints: lines for people, or the API's own answer for programs. */

import { writeFile } from "node:fs/promises";
import { ConfigurationError } from "@nexus/shared/config";

export interface Printing {
  readonly json?: true | undefined;
}

/** With `--json` one line of JSON, else the lines. Plain on a terminal and off it. */
export function print(answer: unknown, lines: readonly string[], { json }: Printing): void {
  write(json === true ? [JSON.stringify(answer)] : lines);
}

/** Lines to standard output. */
export function write(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

/** Remarks beside the result: to standard error, so that what is piped stays what was asked for. */
export function remark(line: string): void {
  process.stderr.write(`note: ${line}\n`);
}

/** How the next page of a list is asked for; nothing after the last. */
export function nextPage(next: string | null): string[] {
  return next === null ? [] : [`more: add --cursor ${next}`];
}

/** Saves a text as `--out` says. `wx` leaves a file that exists alone. Throws `ConfigurationError` where that cannot be. */
export async function save(file: string, text: string, flag: "w" | "wx" = "w"): Promise<void> {
  await writeFile(file, text, { flag }).catch((cause: unknown) => {
    throw new ConfigurationError(
      `--out: ${file} cannot be written: does its folder exist, and may you write there?`,
      { cause },
    );
  });
}
