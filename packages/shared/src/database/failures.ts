/**
 * Errors of PostgreSQL, named by what happens next. What is wrong with a batch, or with us, is listed; whatever else becomes of a
 * connection or a server is later: docs/decisions/attempts-and-absent-servers.md
 */
import { DatabaseError } from "pg";
import { StartFailure } from "../config/failure.ts";

/**
 * `wait`: a server is away, refuses, or is busy with something else: nothing is wrong with the batch. `retry`: the whole batch
 * again, an attempt is spent. `row`: a row breaks a rule, find it. `person`: somebody must look.
 */
export type NextStep = "wait" | "retry" | "row" | "person";

/** A statement met a limit of the server's configuration, mostly `temp_file_limit`: the same one meets it again, and others do not. */
const MET_LIMIT = /^53400$/;

/** SQLSTATEs, first match. The class of a condition first, then what a statement took too long for, then what a row did. */
const STEPS: readonly (readonly [RegExp, NextStep])[] = [
  [MET_LIMIT, "retry"],
  // Connection, logins, resources, shutdown; serialization and deadlock; a lock not given; a standby; the server's own disk.
  [/^(08|28|40|53|55P03|57P|58000|58030|25006)/, "wait"],
  [/^(57|25P0[34])/, "retry"],
  // Data, constraints, two rows of one key; a view's check; more than an index, a row or a stack can hold; what cannot be done with it.
  [/^(21000|22|23|44000|54|0A000|P0)/, "row"],
];

/** The function of the server that reports what a trigger raised, whatever its code, and what a row security policy refused. */
const OF_A_ROW: ReadonlySet<unknown> = new Set(["exec_stmt_raise", "ExecWithCheckOptions"]);

/** What no row can be blamed for, even where a trigger passes it on: a full disk, a server that starts, a standby. */
const OF_A_SERVER = /^(08|25006|28|53|57P|58)/;

/** The server ends the session with these: whatever the code, the statement is not what was wrong. Localised servers mostly keep the words. */
const ENDS_SESSION = /^(FATAL|PANIC)$/;

/** FATAL, and of the statement nevertheless: it kept the server waiting for longer than it may. */
const KEPT_WAITING = /^25P0[34]$/;

/** How poolers say that all connections are taken: as an internal error, a violation of the protocol, or an error of the system. */
const NONE_LEFT =
  /EMAX(CONN|CLIENT)|ECHECKOUTTIMEOUT|max(imum)? (number of )?((client|server) )?(connections|clients)|too many (clients|(client |server )?connections)|no more connections|pool(er)? (is|size|timeout)|query_wait_timeout|(check ?out|acquire|get) (a )?(database )?connection/i;
const OF_NONE_LEFT = /^(XX|08|58)/;

/** What else they report as internal errors. */
const OF_A_POOLER =
  /tenant or user not found|dbhandler exited|circuit ?breaker|connect to (the )?server/i;

/** Codes of Node's own for what was given to it wrongly: a defect of ours, or a batch that is too large. */
const OF_VALUES =
  /^ERR_(INVALID|OUT_OF_RANGE|BUFFER|STRING_TOO_LONG|ENCODING|MISSING|UNKNOWN|METHOD|ASSERTION)/;

/** What Node and OpenSSL say of a connection: `ECONNRESET`, `EMFILE`, `ERR_SSL_…`, `DEPTH_ZERO_SELF_SIGNED_CERT`. */
const OF_A_CONNECTION = /^(E[A-Z0-9_]+|[A-Z0-9]+(_[A-Z0-9]+)+)$/;

/** node-postgres reports these without a code. */
const WITHOUT_CODE =
  /connection (was )?(terminated|ended|closed)|connection error|client was closed|not queryable|timeout|timed out|socket|\b(ssl|tls)\b|^sasl|pool after calling end|received unexpected \w+ message/i;

/** The SQLSTATE of an error of PostgreSQL, or Node's code of a system error. Of several addresses tried, the first that has one. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = Reflect.get(error, "code");
  if (typeof code === "string") return code;
  if (error instanceof AggregateError)
    return error.errors.map(errorCode).find((one) => one !== undefined);
  return undefined;
}

const sessionFaults = new WeakSet<Error>();

/** Marks an error as the session's, whatever its code: nothing was asked yet. */
export function ofSession(error: unknown): unknown {
  if (error instanceof Error && !isOurs(error)) sessionFaults.add(error);
  return error;
}

const unconnected = new WeakSet<Error>();

/** Marks an error as one of connecting, whatever its code: no statement can have broken a connection that was never there. */
export function ofConnecting(error: unknown): unknown {
  if (error instanceof Error && !isOurs(error)) unconnected.add(error);
  return ofSession(error);
}

/** Of a connection that could not be made, or was lost; poolers have 08P01 for their own. */
const OF_LOSS = /^080(01|03|06)$/;

/**
 * Whether a server answers that a connection was lost, and goes on with the session: the connection was its own, to another server. A
 * foreign table lies there.
 */
export function lostElsewhere(error: unknown): boolean {
  if (!(error instanceof Error) || unconnected.has(error)) return false;
  const severity: unknown = Reflect.get(error, "severity");
  return (
    typeof severity === "string" &&
    !ENDS_SESSION.test(severity) &&
    OF_LOSS.test(errorCode(error) ?? "") &&
    !noConnectionLeft(error)
  );
}

const foreign = new WeakSet<Error>();

/** Marks such an error as one of a server that only gives rows: none of ours made it ask elsewhere. */
export function ofForeignServer(error: Error): void {
  if (lostElsewhere(error)) foreign.add(error);
}

/** Whether a foreign table cannot be read because its server is away. */
export function foreignServerAway(error: unknown): boolean {
  return error instanceof Error && foreign.has(error);
}

/** What to do about an error thrown by a query, or by connecting. */
export function nextStep(error: unknown): NextStep {
  if (error instanceof Error && sessionFaults.has(error)) return "wait";
  if (!(error instanceof Error) || isOurs(error)) return "person";
  const code = errorCode(error);
  if (code === undefined) return WITHOUT_CODE.test(error.message) ? "wait" : "person";
  if (isSqlState(error, code)) return stepOfServer(error, code);
  return OF_A_CONNECTION.test(code) && !OF_VALUES.test(code) ? "wait" : "person";
}

/** Whether it may pass without anybody: what met a limit of the server's configuration meets it again. */
export function mayPass(error: unknown): boolean {
  const step = nextStep(error);
  return step === "wait" || (step === "retry" && !MET_LIMIT.test(errorCode(error) ?? ""));
}

/** A defect, or a configuration that was found wrong: nobody else throws these. Node's errors about a connection are plain ones. */
function isOurs(error: Error): boolean {
  return [StartFailure, TypeError, RangeError, SyntaxError, ReferenceError].some(
    (kind) => error instanceof kind,
  );
}

function isSqlState(error: Error, code: string): boolean {
  return (
    error instanceof DatabaseError || (/^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code))
  );
}

function stepOfServer(error: Error, code: string): NextStep {
  const severity: unknown = Reflect.get(error, "severity");
  const ended =
    typeof severity === "string" && ENDS_SESSION.test(severity) && !KEPT_WAITING.test(code);
  if (ended || ofAPooler(error, code)) return "wait";
  if (OF_A_ROW.has(Reflect.get(error, "routine")) && !OF_A_SERVER.test(code)) return "row";
  return STEPS.find(([pattern]) => pattern.test(code))?.[1] ?? "person";
}

function ofAPooler(error: Error, code: string): boolean {
  return noConnectionLeft(error) || (code.startsWith("XX") && OF_A_POOLER.test(error.message));
}

/** Whether a server or a pooler has no connection for us at the moment. */
export function noConnectionLeft(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = errorCode(error) ?? "";
  return code === "53300" || (OF_NONE_LEFT.test(code) && NONE_LEFT.test(error.message));
}

/** Whether a server that is starting, or has no connection left, will let us in: others give theirs back when they need none. */
export function letsInLater(error: unknown): boolean {
  return noConnectionLeft(error) || errorCode(error) === "57P03";
}

/**
 * A table, column or schema that is not there. A run begins when the source has what the mapping needs, and reads by what it had then:
 * what is away from the source now, somebody took away. In the target it is a person's.
 */
export const OF_ABSENCE = /^(42P01|42703|3F000)$/;

/** Codes of what keeps a connection from being made, and of a crash that another session has caused (57P02). */
const OF_OTHERS =
  /^(28|40|53[^2]|55|57P0[2345]|25006|3D|ECONNREFUSED|ECONNABORTED|EADDR|EAI_|ENOTFOUND|EHOST|ENET|ETIMEDOUT|EMFILE|ENFILE)/;

/** Node-postgres' words for a connection that was never there, and for one that was lost by an earlier statement. */
const NEVER_THERE =
  /timeout (exceeded|expired)|connection timeout|^sasl|pool after calling end|\b(ssl|tls)\b/i;

/**
 * Whether a session of ours ended (or had no memory left) under what it was asked: a server that is away does that to every batch,
 * a poison batch does it each time while others get through.
 */
export function connectionBroke(error: unknown): boolean {
  if (nextStep(error) !== "wait" || !(error instanceof Error)) return false;
  if (unconnected.has(error) || foreign.has(error)) return false;
  const code = errorCode(error);
  return code === undefined
    ? !NEVER_THERE.test(error.message)
    : !OF_OTHERS.test(code) && !ofAPooler(error, code);
}
