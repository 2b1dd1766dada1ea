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

/** Writes at once, in order. What a full disk does not take, or a reader that is gone, is dropped; of lines that a slow reader lost it is told how many. */
export function logLines(fd: number): LogLines {
  const waiting: Buffer[] = [];
  let bytes = 0;
  let lost = 0;
  let retry: NodeJS.Timeout | undefined;
  const send = sender(fd);
  const writeOut = (): void => {
    for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) {
      const rest = send(line);
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
  const push = (text: string): boolean => {
    const line = Buffer.from(text);
    if (bytes + line.length > MOST_WAITING) return false;
    waiting.push(line);
    bytes += line.length;
    return true;
  };
  return {
    write: (text) => {
      if (lost > 0 && push(told(lost))) lost = 0;
      if (!push(text)) lost += 1;
      writeOut();
    },
    flush: () => {
      const until = performance.now() + LAST_WORD_MS;
      for (writeOut(); waiting.length > 0 && performance.now() < until; writeOut())
        sleep(LAST_RETRY_MS);
    },
  };
}

function told(lines: number): string {
  return `${JSON.stringify({ level: "warn", lines, msg: "lines of this log were dropped: its reader is too slow" })}\n`;
}

/** Writes what is taken. Returns what is still to be written: the rest where the reader is slow, else nothing. After a line that was cut comes a new one. */
function sender(fd: number): (line: Buffer) => Buffer {
  let isCut = false;
  return (line) => {
    const all = isCut ? Buffer.concat([NEW_LINE, line]) : line;
    const { rest, isSlow } = written(fd, all);
    if (isSlow && rest.length === all.length) return line;
    isCut = !isSlow && rest.length > 0 && (isCut || rest.length < all.length);
    return isSlow ? rest : EMPTY;
  };
}

function written(fd: number, all: Buffer): { readonly rest: Buffer; readonly isSlow: boolean } {
  let rest = all;
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
    return { rest, isSlow: false };
  } catch (error) {
    return { rest, isSlow: error instanceof Error && "code" in error && error.code === "EAGAIN" };
  }
}

const NEW_LINE = Buffer.from("\n");
const EMPTY = Buffer.alloc(0);

/** Nothing else happens meanwhile: a process at its end has no later. */
function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
