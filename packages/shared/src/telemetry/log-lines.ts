/** Where log lines go: to a file descriptor, and nowhere where it takes them not. A log that cannot be written keeps no process from its work, nor from its end. */
import { writeSync } from "node:fs";

/** Bytes that wait for a slow reader. Lines beyond are dropped. */
const MOST_WAITING = 1_048_576;
/** Milliseconds until a slow reader is tried again. */
const RETRY_MS = 100;
/** Milliseconds that a process waits for a slow reader at its end, and between two tries then. */
const LAST_WORD_MS = 1_000;
const LAST_RETRY_MS = 2;

/** A destination for pino. Its own one tries a full disk for ever at the end (sonic-boom 4.2). */
export interface LogLines {
  write(line: string): void;
  /** For the end of a process: waits for a slow reader, up to a second. */
  flush(): void;
}

/** Writes at once, in order. What a full disk does not take, or a reader that is gone, is dropped. */
export function logLines(fd: number): LogLines {
  const waiting: Buffer[] = [];
  let bytes = 0;
  let retry: NodeJS.Timeout | undefined;
  const writeOut = (): void => {
    for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) {
      const rest = restOf(fd, line);
      bytes -= line.length - rest.length;
      if (rest.length === 0) continue;
      waiting.unshift(rest);
      retry ??= setTimeout(() => {
        retry = undefined;
        writeOut();
      }, RETRY_MS).unref();
      return;
    }
  };
  return {
    write: (text) => {
      const line = Buffer.from(text);
      if (bytes + line.length <= MOST_WAITING) {
        waiting.push(line);
        bytes += line.length;
      }
      writeOut();
    },
    flush: () => {
      const until = performance.now() + LAST_WORD_MS;
      for (writeOut(); waiting.length > 0 && performance.now() < until; writeOut())
        sleep(LAST_RETRY_MS);
    },
  };
}

/** What is still to be written: the rest where the reader is slow, else nothing. */
function restOf(fd: number, line: Buffer): Buffer {
  let rest = line;
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return rest;
  }
  return Buffer.alloc(0);
}

/** Nothing else happens meanwhile: a process at its end has no later. */
function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
