/** A session whose connection was cut goes on in the server as long as it waits for a lock, and keeps its own locks: it must be ended there. */
import { type Pool, urlOf, withPool } from "./pool.ts";

/**
 * Has the server end a session of the same role, from a connection of its own: those of the pool may all wait for the same lock.
 * A failure is reported to the pool: then the session ends when it gets its lock, or the server is away and has ended it itself.
 */
export async function endSession(pool: Pool, pid: number): Promise<void> {
  const { application_name: name = "" } = pool.options;
  const url = urlOf(pool);
  await withPool({ url, max: 1, name }, (own) => own.query(END, [pid])).catch((error: unknown) => {
    pool.emit("error", error);
  });
}

/**
 * Whether the server is still at what a session of the same role was asked. If it cannot be asked, nobody knows: then the answer is
 * waited for a little longer.
 */
export async function sessionWorks(pool: Pool, pid: number): Promise<boolean> {
  const { application_name: name = "" } = pool.options;
  const url = urlOf(pool);
  try {
    const { rows } = await withPool({ url, max: 1, name }, (own) =>
      own.query<{ works: boolean }>(WORKS, [pid]),
    );
    return rows[0]?.works ?? false;
  } catch {
    return true;
  }
}

const WORKS =
  "select exists (select from pg_stat_activity where pid = $1::integer and state in ('active', 'fastpath function call')) as works";

/** PGlite has one session for all: this one, which must not end itself. */
const END = "select pg_terminate_backend($1::integer) where $1::integer <> pg_backend_pid()";
