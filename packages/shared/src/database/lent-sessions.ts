/** Whether a pooler lends sessions by transaction: what one transaction leaves in its session, the next one does not find. */
import { type Client, type Pool, urlOf, withPool } from "./pool.ts";

/** Milliseconds that each answer may take: a pooler with one session has none left for the second question. */
const PATIENCE_MS = 3_000;

/** A sentence where that is certain. Where it cannot be found out, there is none. */
export async function lentSessions(pool: Pool): Promise<readonly string[]> {
  const where = { url: urlOf(pool), max: 2, name: "nexus-preflight", silenceMs: PATIENCE_MS };
  const lent = await withPool(where, (two) =>
    held(two, (one) => held(two, (other) => areLent(one, other))),
  ).catch(() => false);
  return lent
    ? [
        "TARGET_URL leads through a pooler in transaction mode: runs work, and proofs, and with them cut-overs, fail (session_lent): use the direct address or the pooler's session mode",
      ]
    : [];
}

/** A connection for the length of `use`, which is closed after it. */
async function held(pool: Pool, use: (client: Client) => Promise<boolean>): Promise<boolean> {
  const client = await pool.connect();
  try {
    return await use(client);
  } finally {
    client.release(true);
  }
}

/** While one connection is in a transaction, the other one answers as the same session as before, if it has one of its own. */
async function areLent(one: Client, other: Client): Promise<boolean> {
  const before = await sessionOf(one);
  if (before.isPglite) return false; // It has one session for all.
  await other.query("begin");
  const { pid } = await sessionOf(other);
  const after = await sessionOf(one);
  return before.pid === pid || before.pid !== after.pid;
}

interface Session {
  readonly pid: number;
  readonly isPglite: boolean;
}

async function sessionOf(client: Client): Promise<Session> {
  const { rows } = await client.query<Session>(
    `select pg_backend_pid() as pid, version() like '%PGlite%' as "isPglite"`,
  );
  const [session] = rows;
  if (session === undefined) throw new TypeError("one row was asked for");
  return session;
}
