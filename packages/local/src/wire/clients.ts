import type { Socket } from "node:net";
import type { Backend } from "./backend.ts";
import { serveClient } from "./client.ts";
import { createStatements } from "./statements.ts";
import { createTurns } from "./turns.ts";

/** All connections of a server. */
export interface Clients {
  readonly accept: (socket: Socket) => void;
  /** Hangs up on all. */
  drop(): void;
  /** Resolves when nothing of any client is left in the backend. */
  gone(): Promise<void>;
}

/** @param idleLimit how long a client may sit in a transaction, in milliseconds. */
export function createClients(
  backend: Backend,
  idleLimit: number,
  broken: (error: unknown) => void,
): Clients {
  const turns = createTurns();
  const statements = createStatements();
  const serving = new Map<Socket, Promise<void>>();
  /** Those past the startup. */
  const joined = new Set<Socket>();

  function accept(socket: Socket): void {
    const room = {
      backend,
      turns,
      idleLimit,
      notify: (notifications: readonly Buffer[]) => notifyOthers(socket, notifications),
      joined: () => joined.add(socket),
      broken,
    };
    const served = serveClient(socket, room, statements()).finally(() => {
      joined.delete(socket);
      serving.delete(socket);
    });
    serving.set(socket, served);
  }

  /** There is one LISTEN for all: the backend cannot know which client meant it, and drivers skip what they did not ask for. */
  function notifyOthers(sender: Socket, notifications: readonly Buffer[]): void {
    for (const socket of joined) {
      if (socket !== sender) for (const notification of notifications) socket.write(notification);
    }
  }

  function drop(): void {
    for (const socket of serving.keys()) socket.destroy();
  }

  async function gone(): Promise<void> {
    await Promise.all(serving.values());
  }

  return { accept, drop, gone };
}
