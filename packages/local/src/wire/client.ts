import type { Socket } from "node:net";
import { BackendLostError } from "./backend.ts";
import { createByteReader, ProtocolError, readUnits } from "./frames.ts";
import { fatal } from "./messages.ts";
import { createSession, type Room } from "./session.ts";
import { receiveClient } from "./startup.ts";
import type { ClientStatements } from "./statements.ts";

/** Serves one connection from its first byte to its last. Never rejects. */
export async function serveClient(
  socket: Socket,
  room: Room,
  statements: ClientStatements,
): Promise<void> {
  const session = createSession(socket, room, statements);
  socket.on("error", () => socket.destroy());
  try {
    const take = createByteReader(socket);
    if (!(await receiveClient(socket, take, room.backend.settings))) return;
    room.joined();
    for await (const unit of readUnits(take)) await session.run(unit);
  } catch (error) {
    // Anything else is a connection that broke, by the client or by us.
    if (error instanceof ProtocolError) socket.write(fatal("08P01", error.message));
    if (error instanceof BackendLostError) room.broken(error);
  } finally {
    socket.destroy();
    await session.end().catch(room.broken);
  }
}
