/** A client of the wire protocol that does just what a test tells it, however wrong. */
import { once } from "node:events";
import { connect } from "node:net";
import { createByteReader } from "../frames.ts";
import { cString, int32, message } from "../messages.ts";

/** A message of the server. */
export interface Reply {
  readonly type: string;
  readonly body: Buffer;
}

export interface RawConnection {
  send(...bytes: readonly Buffer[]): void;
  /** Reads on until a message of this type, or until the server hangs up; returns everything read. */
  until(type: string): Promise<Reply[]>;
  /** Reads a single byte: the answer to a request for encryption. */
  byte(): Promise<string | undefined>;
  /** Goes away without a word. */
  destroy(): void;
}

const PROTOCOL_3 = 196_608;

export async function connectRaw(port: number): Promise<RawConnection> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const take = createByteReader(socket);

  async function until(type: string): Promise<Reply[]> {
    const replies: Reply[] = [];
    for (;;) {
      const header = await take(5);
      const body = header && (await take(header.readInt32BE(1) - 4));
      if (header === undefined || body === undefined) return replies;
      replies.push({ type: header.toString("latin1", 0, 1), body });
      if (replies.at(-1)?.type === type) return replies;
    }
  }

  return {
    send: (...bytes) => void socket.write(Buffer.concat(bytes)),
    until,
    byte: async () => (await take(1))?.toString("latin1"),
    destroy: () => socket.destroy(),
  };
}

/** Connects and has said hello. */
export async function openSession(port: number): Promise<RawConnection> {
  const connection = await connectRaw(port);
  connection.send(startup());
  await connection.until("Z");
  return connection;
}

export function startup(version = PROTOCOL_3): Buffer {
  const body = Buffer.concat([int32(version), cString("user"), cString("tester"), Buffer.alloc(1)]);
  return Buffer.concat([int32(body.length + 4), body]);
}

export const sync = message("S");
export const flush = message("H");

export function query(sql: string): Buffer {
  return message("Q", sql);
}

export function parse(statement: string, sql: string): Buffer {
  return message("P", statement, sql, int16(0));
}

/** With parameters and results as text. */
export function bind(portal: string, statement: string, ...values: readonly string[]): Buffer {
  const parameters = values.flatMap((value) => [
    int32(Buffer.byteLength(value)),
    Buffer.from(value),
  ]);
  return message("B", portal, statement, int16(0), int16(values.length), ...parameters, int16(0));
}

export function execute(portal: string, maxRows = 0): Buffer {
  return message("E", portal, int32(maxRows));
}

/** The SQLSTATE of the first error among the replies. */
export function errorCode(replies: readonly Reply[]): string | undefined {
  const error = replies.find((reply) => reply.type === "E");
  return error && /\0C(.{5})\0/.exec(error.body.toString("latin1"))?.[1];
}

/** The first column of each row, as text. */
export function firstColumn(replies: readonly Reply[]): string[] {
  return replies
    .filter((reply) => reply.type === "D")
    .map(({ body }) => body.toString("utf8", 6, 6 + body.readInt32BE(2)));
}

/** The letters of the replies, in order. */
export function letters(replies: readonly Reply[]): string {
  return replies.map((reply) => reply.type).join("");
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}
