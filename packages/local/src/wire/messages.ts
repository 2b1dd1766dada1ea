/** Builds the messages that the server itself sends, and reads the few it must understand in the backend's answers. */

/** The letter of ReadyForQuery: idle, in a transaction, or in a failed one. */
type Status = "I" | "T" | "E";

/** What the server must know of an answer before it passes it on. */
export interface AnswerFacts {
  /** The status of the last ReadyForQuery; undefined when there was none. */
  readonly status: Status | undefined;
  /** The NotificationResponse messages, whole. */
  readonly notifications: readonly Buffer[];
  /** Whether a SET was among the commands completed. */
  readonly changedSettings: boolean;
}

const STATUSES: Readonly<Record<string, Status>> = { I: "I", T: "T", E: "E" };

/** Frames a message: type letter, length, body. */
export function message(type: string, ...body: readonly (Buffer | string)[]): Buffer {
  const parts = body.map((part) => (typeof part === "string" ? cString(part) : part));
  const bytes = Buffer.concat([Buffer.alloc(5), ...parts]);
  bytes.write(type, 0, "latin1");
  bytes.writeInt32BE(bytes.length - 1, 1);
  return bytes;
}

/** A string as the protocol has it: UTF-8, ended by a zero byte. */
export function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

/** A 32-bit integer, big-endian. */
export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** The end of a connection, with PostgreSQL's error code (https://www.postgresql.org/docs/18/errcodes-appendix.html). */
export function fatal(code: string, text: string): Buffer {
  return message("E", "SFATAL", "VFATAL", `C${code}`, `M${text}`, Buffer.alloc(1));
}

export const SYNC = message("S");
export const ROLLBACK = message("Q", "rollback");
export const RESET_ALL = message("Q", "reset all");

/**
 * Sent after every statement. A COPY FROM STDIN finds it instead of data and fails cleanly, where otherwise
 * PGlite's process would end; to any other statement it means nothing.
 */
export const COPY_FAIL = message(
  "f",
  "the embedded server takes no COPY FROM STDIN; insert from unnest() instead",
);

/** Finds what the server must know in a complete answer of the backend. */
export function readAnswer(answer: Buffer): AnswerFacts {
  let status: Status | undefined;
  const notifications: Buffer[] = [];
  let changedSettings = false;
  for (let at = 0; at + 5 <= answer.length;) {
    const end = at + 1 + answer.readInt32BE(at + 1);
    const type = answer.toString("latin1", at, at + 1);
    if (type === "Z") status = STATUSES[answer.toString("latin1", at + 5, end)];
    if (type === "A") notifications.push(answer.subarray(at, end));
    if (type === "C" && answer.toString("latin1", at + 5, end) === "SET\0") changedSettings = true;
    at = end;
  }
  return { status, notifications, changedSettings };
}
