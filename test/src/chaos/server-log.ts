/** PostgreSQL's own log: what a client never admits stands there. */
import type { RunningStack } from "@nexus/shared/testing";

/** Errors of statements, with the line after, which shows the statement. None of ours may ever cause one, however it was killed. */
export function unexpectedErrors({ database }: RunningStack): string[] {
  const lines = database?.log?.().split("\n") ?? [];
  return lines.flatMap((line, at) =>
    /\b(ERROR|PANIC): /.test(line) ? [`${line}\n${lines.slice(at + 1, at + 4).join("\n")}`] : [],
  );
}
