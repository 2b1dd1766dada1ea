/** Transactions: the only way to hold a connection. */
import { inCall } from "../telemetry/tracing.ts";
import { borrow } from "./borrow.ts";
import { endSession, sessionWorks } from "./end-session.ts";
import { errorCode, ofSession } from "./failures.ts";
import type { Client, Pool, Queryable } from "./pool.ts";
import { rowSecurityOf } from "./source-row-security.ts";
import { KEPT_FROM_LOG } from "./server-log.ts";
import { setPatience } from "../runtime/silence.ts";
import { atOnce, type Body, heard, inFew, inTurn, type Trips } from "./trips.ts";

/** What ends a transaction that takes too long. */
export interface Bounds {
  /** Milliseconds after which the server ends a statement. 60,000 if left out; `LONG_MS` for what may take long. */
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
  /** `immediate`: deferred constraints, and triggers that would speak at the commit, speak with the statement that breaks them. */
  readonly constraints?: "immediate";
}

/**
 * A machine that vanishes says no goodbye: without this bound the server keeps its locks until TCP gives up, after two hours.
 * Longer than a statement of ours on the legacy server may take, during which the target hears nothing.
 */
const IDLE_MS = 90_000;

const STATEMENT_MS = 60_000;

/** For what reads or changes whole tables: half an hour. */
export const LONG_MS = 1_800_000;

/**
 * Whatever role, database or server prefer. A lock is given up shortly before the statement would be: then it is known what it
 * waited for. PostgreSQL before 9.6 ends no idle transaction, before 17 no long one.
 */
function bounded(statementMs: number, idleMs: number): string {
  const statement = Math.max(2, Math.trunc(statementMs));
  const lock = Math.max(1, Math.trunc(statement * 0.9));
  return `set local statement_timeout = ${statement}; set local lock_timeout = ${lock}; select
    case when current_setting('server_version_num')::integer >= 90600 then set_config('idle_in_transaction_session_timeout', '${Math.trunc(idleMs)}', true) end,
    case when current_setting('server_version_num')::integer >= 170000 then set_config('transaction_timeout', '0', true) end`;
}

/**
 * How values and names are read and written, whatever role, database or server prefer: nothing that we send or read means
 * something else elsewhere. Every PostgreSQL from 9.5 on knows these.
 */
const FORMATS = [
  "set local timezone = 'UTC'",
  "set local datestyle = 'ISO'",
  "set local intervalstyle = 'postgres'",
  "set local bytea_output = 'hex'",
  "set local extra_float_digits = 3",
  "set local array_nulls = on",
  "set local standard_conforming_strings = on",
  "set local transform_null_equals = off",
  "set local quote_all_identifiers = off",
].join("; ");

/** A transaction's first words. Nobody's default isolation applies: others would refuse with 40001 what ours only waits for. */
function beginning(
  kind: "read committed read write" | "read committed read only" | "repeatable read read only",
): string {
  return `begin isolation level ${kind}; ${FORMATS}`;
}

/**
 * Runs `work` in a transaction of the target: committed when it resolves, rolled back when it throws.
 * A connection that cannot even be rolled back is thrown away.
 */
export async function inTransaction<T>(
  pool: Pool,
  work: (tx: Client) => Promise<T>,
  bounds: WriteBounds = {},
): Promise<T> {
  const { begin, idleMs, rest } = writing(bounds);
  return await wrapped(pool, { kind: "transaction", begin, idleMs }, inTurn(work), rest);
}

function writing({ idleMs = IDLE_MS, commit = "durable", constraints, ...rest }: WriteBounds) {
  const lazily = commit === "soon" ? "; set local synchronous_commit = off" : "";
  const early = constraints === "immediate" ? "; set constraints all immediate" : "";
  const begin = `${beginning("read committed read write")}; ${KEPT_FROM_LOG}${lazily}${early}`;
  return { begin, idleMs, rest };
}

/** Like `inTransaction`. What fails of `last` takes back the whole, as ever. */
export async function inTrips<First, Result, Last>(
  pool: Pool,
  trips: Trips<First, Result, Last>,
  bounds: WriteBounds = {},
): Promise<Last> {
  const { begin, idleMs, rest } = writing(bounds);
  return await wrapped(pool, { kind: "transaction", begin, idleMs }, inFew(trips), rest);
}

/** JIT compilation costs a range more than it takes (measured: 300 of 1,105 ms); PostgreSQL before 11 has none to switch off. */
const WITHOUT_JIT = `select case when current_setting('server_version_num')::integer >= 110000 then set_config('jit', 'off', true) end`;

/**
 * Like `inTransaction`, but the server refuses writes. For the legacy database.
 */
export async function readOnly<T>(
  pool: Pool,
  work: (tx: Client) => Promise<T>,
  bounds: Bounds = {},
): Promise<T> {
  const begin = `${beginning("read committed read only")}; ${WITHOUT_JIT}${rowSecurityOf(pool)}`;
  return await wrapped(pool, { kind: "read only", begin, idleMs: IDLE_MS }, inTurn(work), bounds);
}

/** Like `readOnly`, in one round trip on a connection of a pool that is `pipelined`. `ask` sends what it sends at once, and waits for it. */
export async function readAtOnce<T>(
  pool: Pool,
  ask: (tx: Queryable, client: Client) => Promise<T>,
  bounds: Bounds = {},
): Promise<T> {
  const begin = `${beginning("read committed read only")}; ${WITHOUT_JIT}${rowSecurityOf(pool)}`;
  return await wrapped(pool, { kind: "read only", begin, idleMs: IDLE_MS }, atOnce(ask), bounds);
}

/** Like `readOnly`, but all reads see the legacy database as it was at the first one. */
export async function readSnapshot<T>(
  pool: Pool,
  work: (tx: Client) => Promise<T>,
  bounds: Bounds = {},
): Promise<T> {
  const begin = `${beginning("repeatable read read only")}; ${WITHOUT_JIT}${rowSecurityOf(pool)}`;
  return await wrapped(pool, { kind: "snapshot", begin, idleMs: IDLE_MS }, inTurn(work), bounds);
}

/** Reads of the target, what is sent and found kept out of its server's log as far as our role may do that. */
export async function readTarget<T>(
  pool: Pool,
  work: (tx: Client) => Promise<T>,
  bounds: Bounds = {},
): Promise<T> {
  const begin = `${beginning("read committed read only")}; ${WITHOUT_JIT}; ${KEPT_FROM_LOG}`;
  return await wrapped(pool, { kind: "read only", begin, idleMs: IDLE_MS }, inTurn(work), bounds);
}

/** Reads that belong together: all of them see the target as it was at the first one, and `now()` stands still. */
export async function inSnapshot<T>(
  pool: Pool,
  work: (tx: Client) => Promise<T>,
  bounds: Bounds = {},
): Promise<T> {
  const begin = beginning("repeatable read read only");
  return await wrapped(pool, { kind: "snapshot", begin, idleMs: IDLE_MS }, inTurn(work), bounds);
}

interface Beginning {
  readonly kind: string;
  readonly begin: string;
  readonly idleMs: number;
}

async function wrapped<T>(
  pool: Pool,
  beginning: Beginning,
  body: Body<T>,
  bounds: Bounds,
): Promise<T> {
  const step = { name: `PostgreSQL ${beginning.kind}`, facts: { "db.system.name": "postgresql" } };
  return await inCall(step, () => held(pool, beginning, body, bounds));
}

async function held<T>(
  pool: Pool,
  { begin, idleMs }: Beginning,
  body: Body<T>,
  { statementMs = STATEMENT_MS, signal }: Bounds,
): Promise<T> {
  const { client, release } = await borrow(pool, signal);
  let usable = true;
  let session: number | undefined;
  const beginAsked = async (): Promise<void> => {
    session = await beginKnown(client, `${begin}; ${bounded(statementMs, idleMs)}`);
    setPatience(client, patienceWith(pool, session, statementMs));
  };
  try {
    return await body(client, heard(beginAsked()));
  } catch (error) {
    if (signal?.aborted !== true) await client.query("rollback").catch(() => (usable = false));
    if (
      session !== undefined &&
      (signal?.aborted === true || errorCode(error) === "SESSION_SILENT")
    )
      await endSession(pool, session);
    throw error;
  } finally {
    release(usable);
  }
}

/** Milliseconds that a server may need beyond its own bounds to say that it has ended a statement. */
const MARGIN_MS = 5_000;

/** Milliseconds that beginning may take: it waits for nothing. */
const BEGIN_MS = 10_000;

/** After a while of silence the server is asked whether it is still at it; its own bound on a statement ends all waiting. */
function patienceWith(pool: Pool, session: number | undefined, statementMs: number) {
  const deadlineMs = statementMs + MARGIN_MS;
  const silenceMs = Math.min(deadlineMs, STATEMENT_MS + MARGIN_MS);
  if (session === undefined) return { silenceMs, deadlineMs };
  return { silenceMs, deadlineMs, stillWorking: () => sessionWorks(pool, session) };
}

/**
 * Begins, and asks in the same message which session this is: whoever cuts the connection can have the server end it. What fails
 * here is the session's fault, whatever the code: a standby does not begin what may write.
 */
async function beginKnown(client: Client, begin: string): Promise<number | undefined> {
  setPatience(client, { silenceMs: BEGIN_MS, deadlineMs: BEGIN_MS });
  try {
    const answers = [
      await client.query<{ pid?: number }>(`${begin}; select pg_backend_pid() as pid`),
    ].flat();
    return answers.at(-1)?.rows[0]?.pid;
  } catch (error) {
    throw ofSession(error);
  }
}
