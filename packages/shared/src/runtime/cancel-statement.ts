/** Asks the server to end what a session is at, by a connection of its own: as libpq does, and as poolers understand it. */
import { connect, isIP, type Socket } from "node:net";
import { connect as encrypt, type ConnectionOptions, TLSSocket } from "node:tls";
import type { PoolClient } from "pg";

/** Milliseconds that the request may take. */
const REQUEST_MS = 5_000;

const CANCEL_REQUEST = 80_877_102;
const TLS_REQUEST = 80_877_103;

/** The server's answer to the request for TLS: yes. */
const YES = "S".charCodeAt(0);

/** Sends the request, encrypted where the session is, and waits for nothing: whether it was heard is not known. */
export function cancelStatement(client: PoolClient): void {
  const pid: unknown = Reflect.get(client, "processID");
  const secret: unknown = Reflect.get(client, "secretKey");
  if (typeof pid !== "number" || typeof secret !== "number") return;
  const { host, port } = client;
  const socket = host.startsWith("/") ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  attend(socket);
  const request = words(16, CANCEL_REQUEST, pid, secret);
  const options = tlsOf(client);
  if (options === undefined) socket.on("connect", () => socket.end(request));
  else
    sendEncrypted(
      socket,
      { ...options, host, ...(isIP(host) === 0 && { servername: host }) },
      request,
    );
}

function attend(socket: Socket): void {
  socket.setTimeout(REQUEST_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
}

/** What is not encrypted is not sent: whoever reads it could end the session's statements. */
function sendEncrypted(socket: Socket, options: ConnectionOptions, request: Buffer): void {
  socket.on("connect", () => socket.write(words(8, TLS_REQUEST)));
  socket.once("data", (answer: Buffer) => {
    if (answer.length !== 1 || answer[0] !== YES) {
      socket.destroy();
      return;
    }
    const encrypted = encrypt({ ...options, socket }, () => encrypted.end(request));
    attend(encrypted);
  });
}

/** How the session's own connection is encrypted; undefined where it is not. node-postgres keeps both to itself. */
function tlsOf(client: PoolClient): ConnectionOptions | undefined {
  const connection: unknown = Reflect.get(client, "connection");
  if (typeof connection !== "object" || connection === null) return undefined;
  if (!(Reflect.get(connection, "stream") instanceof TLSSocket)) return undefined;
  const options: unknown = Reflect.get(connection, "ssl");
  if (typeof options !== "object" || options === null) return {};
  return "key" in options ? { ...options, key: String(options.key) } : options; // It is not enumerable.
}

function words(...all: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * all.length);
  for (const [at, word] of all.entries()) bytes.writeInt32BE(word, 4 * at);
  return bytes;
}
