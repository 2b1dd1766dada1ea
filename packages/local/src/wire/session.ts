import type { Socket } from "node:net";
import { type Answer, type Backend, BackendLostError } from "./backend.ts";
import type { Frame } from "./frames.ts";
import { COPY_FAIL, fatal, RESET_ALL, ROLLBACK, SYNC } from "./messages.ts";
import type { ClientStatements } from "./statements.ts";
import type { Turns } from "./turns.ts";

/** What a client shares with the others. */
export interface Room {
  readonly backend: Backend;
  readonly turns: Turns;
  /** How long a client may sit in a transaction while everybody waits, in milliseconds. */
  readonly idleLimit: number;
  /** Passes notifications on to the other clients. */
  readonly notify: (notifications: readonly Buffer[]) => void;
  /** Called once the client may be sent notifications. */
  readonly joined: () => void;
  /** The backend did not answer: it never will again, and the process has to be replaced. */
  readonly broken: (error: unknown) => void;
}

/** A client's part in the one backend session. Both functions throw BackendLostError. */
export interface Session {
  /** Runs a unit when it is the client's turn, and writes the answer. */
  run(unit: readonly Frame[]): Promise<void>;
  /** Rolls back what the client left open, and forgets its statements. */
  end(): Promise<void>;
}

/** The turn is kept from one unit to the next while the client is unsynced or in a transaction. */
export function createSession(socket: Socket, room: Room, statements: ClientStatements): Session {
  let holding = false;
  let synced = true;
  let changedSettings = false;
  let idle: NodeJS.Timeout | undefined;

  async function run(unit: readonly Frame[]): Promise<void> {
    clearTimeout(idle);
    await hold();
    if (socket.destroyed) return;
    const frames = unit.flatMap((frame) => toBackend(frame, statements));
    const answer = await ask(room, frames, mustAnswer(unit, synced));
    synced = answer.status !== undefined;
    changedSettings ||= answer.changedSettings;
    if (answer.status === "I") await release();
    else idle = setTimeout(endIdle, room.idleLimit, socket);
    // Waits for a slow reader before more of its frames are read.
    await new Promise((resolve) => socket.write(answer.bytes, resolve));
  }

  async function end(): Promise<void> {
    clearTimeout(idle);
    // Sync alone would commit what an unsynced Execute has done; after an error only Sync is heard.
    if (holding) await ask(room, [ROLLBACK, SYNC, ROLLBACK], true);
    const closing = statements.closing();
    if (closing.length > 0) {
      await hold();
      await ask(room, [...closing, SYNC], true);
    }
    if (holding) await release();
  }

  async function hold(): Promise<void> {
    if (!holding) await room.turns.take();
    holding = true;
  }

  async function release(): Promise<void> {
    // A setting that outlives the transaction would be everybody's, the next client's search path for one.
    if (changedSettings) await ask(room, [RESET_ALL], true);
    changedSettings = false;
    holding = false;
    room.turns.pass();
  }

  return { run, end };
}

function endIdle(socket: Socket): void {
  socket.write(fatal("25P03", "idle for too long in a transaction that makes everybody else wait"));
  socket.destroy();
}

async function ask(room: Room, frames: readonly Buffer[], needsStatus: boolean): Promise<Answer> {
  const answer = await room.backend.run(frames);
  // It swallows JavaScript's exceptions; a stack overflow leaves it mute, for every client to come.
  if (needsStatus && answer.status === undefined)
    throw new BackendLostError("the backend does not answer");
  room.notify(answer.notifications);
  return answer;
}

function toBackend(frame: Frame, statements: ClientStatements): Buffer[] {
  const bytes = statements.rename(frame);
  return frame.type === "Q" || frame.type === "E" ? [bytes, COPY_FAIL] : [bytes];
}

/** Whether PostgreSQL owes a ReadyForQuery: not after Flush, nor for a Query that an earlier error made it skip. */
function mustAnswer(unit: readonly Frame[], synced: boolean): boolean {
  const last = unit.at(-1)?.type;
  return last === "S" || (last === "Q" && unit.length === 1 && synced);
}
