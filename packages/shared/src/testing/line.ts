/** A line to a server that can be cut, go deaf, or lose its connections: the server itself knows nothing of it. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

export interface Line {
  /** The server's URL, by way of this line. */
  readonly url: string;
  /** Ends every connection, and refuses new ones. */
  cut(): Promise<void>;
  /** Connections are made again. */
  mend(): Promise<void>;
  /** Ends every connection; new ones pass. */
  reset(): void;
  /** New connections lead to the server of another URL, as by a name that moved; open ones stay. */
  turnTo(url: string): void;
  /** Open connections stay open and carry nothing any more, in either direction; new ones pass. Returns how many they are. */
  swallow(): number;
  /**
   * At most so many connections pass at a time, as through a pooler: others are told `message`, with SQLSTATE XX000 unless another is given, in
   * PostgreSQL's protocol. Open ones stay.
   */
  limit(most: number, message: string, code?: string): void;
  /** The first bytes that each connection sent. */
  readonly beginnings: readonly Buffer[];
  /** How often something was said after something was heard, on all connections: round trips, where the line has a delay. */
  trips(): number;
}

export interface LineOptions {
  /** A connection whose server says this carries nothing from then on. */
  readonly swallows?: string;
  /** Milliseconds that everything is on its way, in either direction, in the order in which it was sent. */
  readonly delayMs?: number;
}

interface Pooled {
  readonly most: number;
  readonly message: string;
  readonly code: string;
}

/** Opens a line to the server of `url`. It ends with this process, or by `cut`. */
export async function openLine(
  url: string,
  { swallows, delayMs = 0 }: LineOptions = {},
): Promise<Line> {
  let leadsTo = new URL(url);
  const open = new Set<Socket>();
  const beginnings: Buffer[] = [];
  let trips = 0;
  let pooled: Pooled | undefined;
  // A line holds nothing back to send it with more: routers do not.
  const server = createServer({ noDelay: true }, (near) => {
    near.once("data", (chunk: Buffer) => beginnings.push(Buffer.from(chunk.subarray(0, 16))));
    if (pooled !== undefined && open.size / 2 >= pooled.most) return refuse(near, pooled);
    const far = connect({ port: Number(leadsTo.port), host: leadsTo.hostname, noDelay: true });
    onTrip(near, far, () => void trips++);
    join(near, far, delayMs, open);
    join(far, near, delayMs, open);
    if (swallows !== undefined)
      far.prependListener("data", (chunk: Buffer) => {
        if (chunk.includes(swallows)) for (const socket of [near, far]) silence(socket);
      });
  });
  const own = await listen(server, 0);
  const through = new URL(url);
  through.port = String(own);
  const reset = (): void => open.forEach((socket) => socket.resetAndDestroy());
  return {
    url: through.href,
    beginnings,
    trips: () => trips,
    reset,
    turnTo: (other) => void (leadsTo = new URL(other)),
    limit: (most, message, code = "XX000") => (pooled = { most, message, code }),
    cut: async () => {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      reset();
      await closed;
    },
    mend: async () => {
      if (!server.listening) await listen(server, own);
    },
    swallow: () => {
      open.forEach(silence);
      return open.size / 2;
    },
  };
}

/** Answers the first words with an ErrorResponse: FATAL, as what ends a session is. */
function refuse(socket: Socket, { message, code }: Pooled): void {
  const fields = ["SFATAL", "VFATAL", `C${code}`, `M${message}`, ""];
  const body = Buffer.from(`${fields.join("\0")}\0`);
  const head = Buffer.from("E....");
  head.writeInt32BE(body.length + 4, 1);
  socket.on("error", () => undefined);
  socket.once("data", () => socket.end(Buffer.concat([head, body])));
}

/** What one says goes to the other, and they end together. `open`: holds the first while it is open. */
function join(socket: Socket, other: Socket, delayMs: number, open: Set<Socket>): void {
  open.add(socket);
  socket.on("error", () => undefined);
  socket.on("close", () => void other.destroy());
  socket.on("close", () => open.delete(socket));
  carry(socket, other, delayMs);
}

/** Calls `tell` when something is said after something was heard. */
function onTrip(near: Socket, far: Socket, tell: () => void): void {
  let heard = true;
  near.on("data", () => {
    if (heard) tell();
    heard = false;
  });
  far.on("data", () => (heard = true));
}

/** Timers of the same length fire in the order in which they were set. */
function carry(from: Socket, to: Socket, delayMs: number): void {
  if (delayMs === 0) return void from.pipe(to);
  from.on("data", (chunk: Buffer) => setTimeout(() => to.write(chunk), delayMs));
  from.on("end", () => setTimeout(() => to.end(), delayMs));
}

/** It stays open, and what it says goes nowhere. */
function silence(socket: Socket): void {
  socket.unpipe();
  socket.resume();
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}
