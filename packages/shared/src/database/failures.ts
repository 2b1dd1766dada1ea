/** Errors of PostgreSQL, named by what happens next. */

/**
 * `wait`: a server is away, nothing is wrong with the batch. `retry`: the whole batch again, an attempt is spent.
 * `row`: a row breaks a rule, find it. `person`: somebody must look.
 */
export type NextStep = "wait" | "retry" | "row" | "person";

/** By SQLSTATE, first match: connection and shutdown; serialization, deadlock, resources, timeouts; data, constraints, two rows of one key. */
const STEPS: readonly (readonly [RegExp, NextStep])[] = [
  [/^(08|57P)/, "wait"],
  [/^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND)$/, "wait"],
  [/^(40|53|55P03|57|25P03)/, "retry"],
  [/^(21000|22|23)/, "row"],
];

/** The SQLSTATE of an error of PostgreSQL, or Node's code of a system error. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = Reflect.get(error, "code");
  return typeof code === "string" ? code : undefined;
}

/** What to do about an error thrown by a query. */
export function nextStep(error: unknown): NextStep {
  const code = errorCode(error);
  if (code === undefined) return connectionWasLost(error) ? "wait" : "person";
  return STEPS.find(([pattern]) => pattern.test(code))?.[1] ?? "person";
}

/** node-postgres reports a connection that ended under a query, or could not be had in time, without a code. */
function connectionWasLost(error: unknown): boolean {
  return (
    error instanceof Error &&
    /connection terminated|timeout exceeded when trying to connect/i.test(error.message)
  );
}
