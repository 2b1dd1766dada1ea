/** Transactions: the only way to hold a connection. */
import { inCall } from "../telemetry/tracing.ts";
import { endSession } from "./end-session.ts";
import type { Client, Pool } from "./pool.ts";

/** What ends a transaction that takes too long. */
export interface Bounds {
  /** Milliseconds after which the server ends a statement. */
  readonly statementMs?: number;
  /** When it aborts, the connection is cut and the server ends its session, even one that waits for a lock: all is rolled back. */
  readonly signal?: AbortSignal;
}

/** Bounds of a transaction that writes. */
export interface WriteBounds extends Bounds {
  /** Milliseconds after which the server ends a transaction that it hears nothing from. 90,000 if left out. */
  readonly idleMs?: number;
  /**
   * `soon`: the commit is not waited for until it is on disk (within 0.6 s). A crash of the server then takes back whole
   * transactions, the latest first: for those that can be done again. Default `durable`.
   */
  readonly commit?: "durable" | "soon";
}

/**
 * A machine that vanishes says no goodbye: without this bound the server keeps its locks until TCP gives up, after two hours.
 * Longer than a statement of ours on the legacy server may take, during which the target hears nothing.
 */
const IDLE_MS = 90_000;

/**
 * The detail of a constraint's error is the whole row, and PostgreSQL writes it into its own log: without it, where our role may
 * say so. See docs/decisions/server-log.md.
 */
const TERSE_LOG = `select set_config('log_error_verbosity', 'terse', true) where has_parameter_privilege('log_error_verbosity', 'set')`;

/**
 * Runs `work` in a transaction of the target: committed when it resolves, rolled back when it throws.
 * A connection that cannot even be rolled back is thrown away.
 */
export async function inTransaction<T>(
  pool: Pool,
  work: (tx: Client) => Promise<T>,
  { idleMs = IDLE_MS, commit = "durable", ...bounds }: WriteBounds = {},
): Promise<T> {
  const idle = `set local idle_in_transaction_session_timeout = ${Math.trunc(idleMs)}`;
  const lazily = commit === "soon" ? "; set local synchronous_commit = off" : "";
  return await wrapped(pool, "transaction", `begin; ${TERSE_LOG}; ${idle}${lazily}`, work, bounds);
}

/** JIT compilation costs a range more than it takes (measured: 300 of 1,105 ms); PostgreSQL before 11 has none to switch off. */
const WITHOUT_JIT = `select case when current_setting('server_version_num')::integer >= 110000 then set_config('jit', 'off', true) end`;

/**
 * Like `inTransaction`, but the server refuses writes, and dates and instants are delivered in ISO format and UTC, whatever
 * the role or the database prefers. For the legacy database.
 */
export async function readOnly<T>(
  pool: Pool,
  work: (tx: Client) => Promise<T>,
  bounds: Bounds = {},
): Promise<T> {
  const begin = `begin read only; set local timezone = 'UTC'; set local datestyle = 'ISO'; ${WITHOUT_JIT}`;
  return await wrapped(pool, "read only", begin, work, bounds);
}

/** Reads that belong together: all of them see the target as it was at the first one, and `now()` stands still. */
export async function inSnapshot<T>(
  pool: Pool,
  work: (tx: Client) => Promise<T>,
  bounds: Bounds = {},
): Promise<T> {
  return await wrapped(pool, "snapshot", "begin isolation level repeatable read read only", work, bounds);
}

async function wrapped<T>(
  pool: Pool,
  kind: string,
  begin: string,
  work: (tx: Client) => Promise<T>,
  bounds: Bounds,
): Promise<T> {
  const step = { name: `PostgreSQL ${kind}`, facts: { "db.system.name": "postgresql" } };
  return await inCall(step, () => held(pool, begin, work, bounds));
}

async function held<T>(
  pool: Pool,
  begin: string,
  work: (tx: Client) => Promise<T>,
  { statementMs, signal }: Bounds,
): Promise<T> {
  const bound = statementMs === undefined ? "" : `; set local statement_timeout = ${Math.trunc(statementMs)}`;
  const { client, giveBack } = await borrow(pool, signal);
  let usable = true;
  let session: number | undefined;
  try {
    if (signal === undefined) await client.query(begin + bound);
    else session = await beginKnown(client, begin + bound);
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    if (signal?.aborted !== true) await client.query("rollback").catch(() => (usable = false));
    else if (session !== undefined) await endSession(pool, session);
    throw error;
  } finally {
    giveBack(usable);
  }
}

/** Begins, and asks in the same message which session this is: whoever cuts the connection can have the server end it. */
async function beginKnown(client: Client, begin: string): Promise<number | undefined> {
  const answers = [await client.query<{ pid?: number }>(`${begin}; select pg_backend_pid() as pid`)].flat();
  return answers.at(-1)?.rows[0]?.pid;
}

/** A connection that is given back once: by us, or by the signal, which cuts it. */
async function borrow(
  pool: Pool,
  signal?: AbortSignal,
): Promise<{ client: Client; giveBack: (usable: boolean) => void }> {
  signal?.throwIfAborted();
  const client = await pool.connect();
  let ours = true;
  const giveBack = (usable: boolean): void => {
    signal?.removeEventListener("abort", cut);
    if (ours) client.release(!usable);
    ours = false;
  };
  const cut = (): void => giveBack(false);
  signal?.addEventListener("abort", cut);
  if (signal?.aborted) cut(); // While the connection was being made.
  return { client, giveBack };
}
