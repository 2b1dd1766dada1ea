/** A query of the legacy database whose answer may not be larger than what this process can hold. */
import {
  type Client,
  type Pool,
  type Queryable,
  readAtOnce,
  together,
} from "@nexus/shared/database";
import { Socket } from "node:net";

/** What a query answered, and the bytes that it took on the wire. */
export interface Answer {
  readonly rows: readonly Record<string, unknown>[];
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  readonly bytes: number;
}

export interface Limits {
  readonly maxBytes: number;
  readonly statementMs: number;
  readonly signal: AbortSignal;
  /** A statement that comes first, in the same transaction. */
  readonly before?: string;
}

/**
 * One bounded, read-only transaction. `too_large` when more than `maxBytes` arrive: then the connection is cut, and the server ends
 * its session. Bytes are counted as they come: a row of gigabytes is given up before it is whole.
 */
export async function queryWithin(
  legacy: Pool,
  sql: string,
  values: readonly unknown[],
  { maxBytes, statementMs, signal, before }: Limits,
): Promise<Answer | "too_large"> {
  const tooLarge = new AbortController();
  let bytes = 0;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > maxBytes) tooLarge.abort();
  };
  const ask = async (tx: Queryable, client: Client): Promise<Answer> => {
    const socket = socketOf(client);
    socket?.on("data", count);
    try {
      const [, { rows, fields }] = await together([
        before === undefined ? undefined : tx.query(before),
        tx.query<Record<string, unknown>>(sql, [...values]),
      ]);
      return { rows, fields, bytes };
    } finally {
      socket?.off("data", count);
    }
  };
  try {
    const either = AbortSignal.any([signal, tooLarge.signal]);
    return await readAtOnce(legacy, ask, { statementMs, signal: either });
  } catch (error) {
    if (tooLarge.signal.aborted && !signal.aborted) return "too_large";
    throw error;
  }
}

/** The connection's socket, which node-postgres keeps to itself. Under TLS its bytes are those after decryption. */
function socketOf(client: Client): Socket | undefined {
  const connection: unknown = Reflect.get(client, "connection");
  const stream: unknown =
    typeof connection === "object" && connection !== null
      ? Reflect.get(connection, "stream")
      : undefined;
  return stream instanceof Socket ? stream : undefined;
}
