/** A line to a server that can be cut: for services, the server is away; the server itself knows nothing of it. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { RunningStack, Stack } from "@nexus/shared/testing";

interface Line {
  /** The server's URL, by way of this line. */
  readonly url: string;
  /** Ends every connection, and refuses new ones. */
  cut(): Promise<void>;
  /** Connections are made again. */
  mend(): Promise<void>;
}

export interface Lines {
  readonly legacy: Line;
  readonly target: Line;
  readonly queue: Line;
}

/** A stack whose URLs lead by way of lines. `lines` are there once it is started. */
export function overLines(stack: Stack): Stack & { lines(): Lines } {
  let lines: Lines | undefined;
  return {
    name: stack.name,
    lines: () => {
      if (lines === undefined) throw new Error("the stack is not started");
      return lines;
    },
    start: async () => {
      const running = await stack.start();
      lines = await lay(running);
      const { legacy, target, queue } = lines;
      const stop = async (): Promise<void> => {
        await Promise.all([legacy.cut(), target.cut(), queue.cut()]);
        await running.stop();
      };
      return { ...running, legacyUrl: legacy.url, targetUrl: target.url, queueUrl: queue.url, stop };
    },
  };
}

async function lay({ legacyUrl, targetUrl, queueUrl }: RunningStack): Promise<Lines> {
  const [legacy, target, queue] = await Promise.all([
    openLine(legacyUrl),
    openLine(targetUrl),
    openLine(queueUrl),
  ]);
  return { legacy, target, queue };
}

async function openLine(url: string): Promise<Line> {
  const { hostname, port } = new URL(url);
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => void other.destroy());
      socket.on("close", () => open.delete(socket));
      socket.pipe(other);
    }
  });
  const own = await listen(server, 0);
  const through = new URL(url);
  through.port = String(own);
  return {
    url: through.href,
    cut: async () => {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.resetAndDestroy();
      await closed;
    },
    mend: async () => void (await listen(server, own)),
  };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}
