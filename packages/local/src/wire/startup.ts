import { randomInt } from "node:crypto";
import type { Socket } from "node:net";
import { ProtocolError, type TakeBytes } from "./frames.ts";
import { int32, message } from "./messages.ts";

const CANCEL_REQUEST = 80_877_102;
const ENCRYPTION_REQUESTS = new Set([80_877_103, 80_877_104]); // SSL, GSSAPI
const PROTOCOL_MAJOR = 3;
const LENGTH_BYTES = 4;
/** PostgreSQL's own limit. */
const MAX_STARTUP_BYTES = 10_000;

/**
 * Receives a client: no encryption, any user, no password (the server listens on the loopback address only).
 * Its options, `search_path` among them, are ignored.
 *
 * @returns whether there is a session to serve; false for a cancel request or a client that has gone.
 * @throws ProtocolError if it does not speak version 3.
 */
export async function receiveClient(
  socket: Socket,
  take: TakeBytes,
  settings: readonly (readonly [string, string])[],
): Promise<boolean> {
  for (;;) {
    const code = await readRequest(take);
    if (code === undefined || code === CANCEL_REQUEST) return false;
    if (ENCRYPTION_REQUESTS.has(code)) {
      socket.write("N");
      continue;
    }
    if (code >> 16 !== PROTOCOL_MAJOR)
      throw new ProtocolError(`unsupported protocol version ${code >> 16}`);
    socket.write(welcome(settings));
    return true;
  }
}

/** Reads a packet that has no type letter, and returns the number that says what it is. */
async function readRequest(take: TakeBytes): Promise<number | undefined> {
  const length = (await take(LENGTH_BYTES))?.readInt32BE(0);
  if (length === undefined) return undefined;
  if (length < 2 * LENGTH_BYTES || length > MAX_STARTUP_BYTES)
    throw new ProtocolError(`bad startup length ${length}`);
  return (await take(length - LENGTH_BYTES))?.readInt32BE(0);
}

function welcome(settings: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat([
    message("R", int32(0)),
    ...settings.map(([name, value]) => message("S", name, value)),
    // Nobody can be cancelled, so the key only has to be there.
    message("K", int32(process.pid), int32(randomInt(2 ** 31))),
    message("Z", Buffer.from("I")),
  ]);
}
