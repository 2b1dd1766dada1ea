/** Asks the server to end what a session is at, by a connection of its own: as libpq does, and as poolers understand it. */
import { connect } from "node:net";
import type { PoolClient } from "pg";

/** Milliseconds that the request may take. */
const REQUEST_MS = 5_000;

const CANCEL_REQUEST = 80_877_102;

/** Sends the request and waits for nothing: whether it was heard is not known. */
export function cancelStatement(client: PoolClient): void {
  const pid: unknown = Reflect.get(client, "processID");
  const secret: unknown = Reflect.get(client, "secretKey");
  if (typeof pid !== "number" || typeof secret !== "number") return;
  const { host, port } = client;
  const socket = host.startsWith("/") ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  const request = Buffer.alloc(16);
  for (const [at, word] of [16, CANCEL_REQUEST, pid, secret].entries()) request.writeInt32BE(word, 4 * at);
  socket.setTimeout(REQUEST_MS, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("connect", () => socket.end(request));
}
