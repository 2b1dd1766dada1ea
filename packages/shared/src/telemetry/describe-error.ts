/** What of an error may be logged. A database error's message and detail quote values, so only codes and names pass. */
export interface ErrorFacts {
  readonly name: string;
  readonly code?: string;
  readonly message?: string;
  readonly table?: string;
  readonly constraint?: string;
  readonly at?: string;
  readonly cause?: ErrorFacts;
  /** Of an AggregateError. */
  readonly errors?: readonly ErrorFacts[];
}

/** Reduces any thrown value to facts without values. Messages are kept only of our own errors and of Node's system errors. */
export function describeError(error: unknown): ErrorFacts {
  if (!(error instanceof Error)) return { name: "NonError" };
  return {
    name: error.name,
    ...codeOf(error),
    ...textOf(error, "table"),
    ...textOf(error, "constraint"),
    ...(quotesValues(error) ? {} : { message: error.message }),
    ...where(error),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
    ...(error instanceof AggregateError ? { errors: error.errors.map(describeError) } : {}),
  };
}

function textOf(error: Error, field: "code" | "table" | "constraint"): Record<string, string> {
  const value: unknown = Reflect.get(error, field);
  return typeof value === "string" ? { [field]: value } : {};
}

/** Redis begins its errors with a word of its own, and may go on with what it was given. */
function codeOf(error: Error): Record<string, string> {
  const code = error.name === "ReplyError" ? /\b[A-Z]{3,}\b/.exec(error.message)?.[0] : undefined;
  return code === undefined ? textOf(error, "code") : { code };
}

/** Errors of PostgreSQL, of Redis and of parsers quote what they choke on. */
function quotesValues(error: Error): boolean {
  return (
    "severity" in error ||
    error instanceof SyntaxError ||
    ["ZodError", "error", "ReplyError"].includes(error.name)
  );
}

/** The first frame of the stack: a place in the code, which holds no value. */
function where(error: Error): { at?: string } {
  const frame = error.stack?.split("\n").find((line) => line.startsWith("    at "));
  return frame === undefined ? {} : { at: frame.trim().slice(3) };
}
