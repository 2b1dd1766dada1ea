/** A server, on loopback unless said otherwise, that a test may close at any time. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";

export interface Listening {
  readonly port: number;
  readonly server: Server;
  /** Cuts all connections. */
  close(): Promise<void>;
}

/** Listens; port 0 takes any free one. */
export async function listen(
  port: number,
  respond: RequestListener,
  host = "127.0.0.1",
): Promise<Listening> {
  const server = createServer(respond);
  // Clients keep connections for long; to close them while a call is on its way would be a fault that nobody ordered.
  server.keepAliveTimeout = 0;
  server.listen(port, host);
  await once(server, "listening");
  return { port: portOf(server), server, close: () => close(server) };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the stand-in has no port");
  return address.port;
}

async function close(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  if (server.listening) await once(server, "close");
}
