/** A session whose connection was cut goes on in the server as long as it waits for a lock, and keeps its own locks: it must be ended there. */
import { type Pool, withPool } from "./pool.ts";

/**
 * Has the server end a session of the same role, from a connection of its own: those of the pool may all wait for the same lock.
 * A failure is reported to the pool: then the session ends when it gets its lock, or the server is away and has ended it itself.
 */
export async function endSession(pool: Pool, pid: number): Promise<void> {
  const { connectionString: url = "", application_name: name = "" } = pool.options;
  await withPool({ url, max: 1, name }, (own) => own.query(END, [pid])).catch((error: unknown) => {
    pool.emit("error", error);
  });
}

/** PGlite has one session for all: this one, which must not end itself. */
const END = "select pg_terminate_backend($1::integer) where $1::integer <> pg_backend_pid()";
