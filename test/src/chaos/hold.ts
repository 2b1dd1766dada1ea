/** Locks held by the test, so that a service waits at an exact point of its story. */
import type { Client, Pool } from "@nexus/shared/database";
import { eventually } from "@nexus/shared/testing";
import { onTestFinished } from "vitest";

export interface Hold {
  /** Takes another lock, by a statement of the same transaction. It looks for a deadlock last of all who wait. */
  take(sql: string, values?: readonly unknown[]): Promise<void>;
  release(): Promise<void>;
}

/** Takes locks in a transaction that stays open until it is released, or the test ends. */
export async function hold(
  pool: Pool,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Hold> {
  const client = await pool.connect();
  let released: Promise<void> | undefined;
  const release = (): Promise<void> => (released ??= end(client));
  onTestFinished(release);
  await client.query("begin");
  const take: Hold["take"] = async (more, given = []) => {
    await client.query("set local deadlock_timeout = '1h'");
    await client.query(more, [...given]);
  };
  await client.query(sql, [...values]);
  return { release, take };
}

/** A connection that was cut meanwhile holds nothing any more. */
async function end(client: Client): Promise<void> {
  await client.query("rollback").catch(() => undefined);
  client.release(true);
}

/** Waits until a statement of a service, recognised by a part of it, waits for one of our locks. */
export async function heldUp(pool: Pool, service: string, statement: string): Promise<void> {
  await eventually(
    async () => {
      const { rowCount } = await pool.query(
        `select from pg_stat_activity where datname = current_database() and application_name = $1
           and wait_event_type = 'Lock' and query ilike '%' || $2 || '%'`,
        [`nexus-${service}`, statement],
      );
      return rowCount !== 0;
    },
    { within: 30_000 },
  );
}

/** Waits until a service waits for our lock on a table. */
export async function heldUpAt(pool: Pool, service: string, table: string): Promise<void> {
  await eventually(
    async () => {
      const { rowCount } = await pool.query(
        `select from pg_locks l join pg_stat_activity a using (pid)
         where not l.granted and l.relation = $2::text::regclass and a.application_name = $1`,
        [`nexus-${service}`, table],
      );
      return rowCount !== 0;
    },
    { within: 30_000 },
  );
}
