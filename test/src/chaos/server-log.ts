/** PostgreSQL's own log: what a client never admits stands there. */
import type { RunningStack } from "@nexus/shared/testing";

/** So many lines after an error tell of it: its detail names the statements of a deadlock. */
const DETAIL = 20;

/**
 * Errors of statements, with the lines after, which show the statement. None of ours may ever cause one, however it was killed; who is in the way
 * of a test's own `truncate`, which takes all tables at once, is not to blame.
 */
export function unexpectedErrors({ database }: RunningStack): string[] {
  const lines = database?.log?.().split("\n") ?? [];
  return lines.flatMap((line, at) => {
    if (!/\b(ERROR|PANIC): /.test(line)) return [];
    const detail = lines.slice(at + 1, at + DETAIL).join("\n");
    const isOfTest = line.includes("deadlock detected") && /Process \d+: truncate /.test(detail);
    return isOfTest ? [] : [`${line}\n${lines.slice(at + 1, at + 4).join("\n")}`];
  });
}
