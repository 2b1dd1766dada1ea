/** One message of a client: its type letter and all its bytes, header included. */
export interface Frame {
  readonly type: string;
  readonly bytes: Buffer;
}

/** Takes exactly `count` bytes off a connection; undefined when the client has gone before they came. */
export type TakeBytes = (count: number) => Promise<Buffer | undefined>;

/** The client broke the protocol; the connection cannot go on. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** PGlite keeps a message three times over in a WASM memory of 4 GB at most, and the demo's largest is 1 MB. */
const MAX_UNIT_BYTES = 64 * 1024 * 1024;

const HEADER_BYTES = 5;
const LENGTH_BYTES = 4;

/** The messages the server understands. FunctionCall is left out: deprecated, and no driver of ours sends it. */
const KNOWN = new Set("QPBEDCHSXdcf");
/** Query, Sync and Flush: after each of these the client may wait for an answer. */
const ENDS_UNIT = new Set("QSH");
/** What a client sends into a COPY that was refused (see messages.ts): to be skipped, as PostgreSQL does. */
const COPY_DATA = new Set("dcf");
const TERMINATE = "X";

/** Reads exact numbers of bytes from a connection's chunks, however these were cut. */
export function createByteReader(source: AsyncIterable<Buffer>): TakeBytes {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  return async (count) => {
    const parts = [rest];
    let size = rest.length;
    while (size < count) {
      const next = await chunks.next();
      if (next.done === true) return undefined;
      parts.push(next.value);
      size += next.value.length;
    }
    const all = parts.length === 1 ? rest : Buffer.concat(parts, size);
    rest = all.subarray(count);
    return all.subarray(0, count);
  };
}

/**
 * Yields the client's frames in units that the backend may run in one go: each ends in Query, Sync or Flush.
 * Ends when the client says goodbye or is gone; a unit begun by then is dropped.
 *
 * @throws ProtocolError at a frame that would hang PGlite: unknown type, impossible length, or too large.
 */
export async function* readUnits(take: TakeBytes): AsyncGenerator<Frame[]> {
  let unit: Frame[] = [];
  let size = 0;
  for (;;) {
    const frame = await readFrame(take);
    if (frame === undefined || frame.type === TERMINATE) return;
    if (COPY_DATA.has(frame.type)) continue;
    size += frame.bytes.length;
    if (size > MAX_UNIT_BYTES)
      throw new ProtocolError(`more than ${MAX_UNIT_BYTES} bytes before a Sync`);
    unit.push(frame);
    if (!ENDS_UNIT.has(frame.type)) continue;
    yield unit;
    unit = [];
    size = 0;
  }
}

async function readFrame(take: TakeBytes): Promise<Frame | undefined> {
  const header = await take(HEADER_BYTES);
  if (header === undefined) return undefined;
  const type = header.toString("latin1", 0, 1);
  const length = header.readInt32BE(1);
  if (!KNOWN.has(type)) throw new ProtocolError(`unknown message type ${header.readUInt8(0)}`);
  if (length < LENGTH_BYTES || length > MAX_UNIT_BYTES)
    throw new ProtocolError(`bad message length ${length}`);
  const body = await take(length - LENGTH_BYTES);
  return body && { type, bytes: Buffer.concat([header, body]) };
}
