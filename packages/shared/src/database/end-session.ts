/** A session whose connection was cut goes on in the server as long as it waits for a lock, and keeps its own locks: it must be ended there. */
import { type Pool, urlOf, withPool } from "./pool.ts";

/**
 * Has the server end a session of the same role, from a connection of its own: those of the pool may all wait for the same lock.
 * A failure is reported to the pool: then the session ends when it gets its lock, or the server is away and has ended it itself.
 */
export async function endSession(pool: Pool, pid: number): Promise<void> {
  const { application_name: name = "" } = pool.options;
  const url = urlOf(pool);
  await withPool({ url, max: 1, name }, (own) => own.query(END(pid))).catch((error: unknown) => {
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
    return await withPool({ url, max: 1, name }, async (own) => {
      const answers = [await own.query<{ works?: boolean }>(WORKS(pid))].flat();
      return answers.at(-1)?.rows[0]?.works ?? false;
    });
  } catch {
    return true;
  }
}

/** Cancels what a session of the same role is at, and leaves the session. */
export async function cancelSession(pool: Pool, pid: number): Promise<void> {
  await pool.query(asLogin(`select pg_cancel_backend(${pid})`));
}

/**
 * A session belongs to the role that logged in: another one that it acts as (`alter role … set role = …`) may neither see nor end it.
 * Statements of one message are one transaction, and `local` ends with it.
 */
const asLogin = (sql: string): string => `set local role none; ${sql}`;

/** Where the server does not tell what it does, by `track_activities` or for want of a privilege, it may be at it. */
const WORKS = (pid: number): string =>
  asLogin(
    `select coalesce(bool_or(state is null or state in ('active', 'fastpath function call', 'disabled')), false) as works
     from pg_stat_activity where pid = ${pid}`,
  );

/** PGlite has one session for all: this one, which must not end itself. */
const END = (pid: number): string =>
  asLogin(`select pg_terminate_backend(${pid}) where ${pid} <> pg_backend_pid()`);
