/** The API did not do what was asked. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  /** All members of the answer. */
  readonly facts: Readonly<Record<string, unknown>>;
  constructor(
    status: number,
    code: string,
    detail: string,
    facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
    this.name = "ApiProblem";
    this.status = status;
    this.code = code;
    this.facts = facts;
  }
}

/** Nobody answered at the API's address. */
export class ApiUnreachable extends Error {
  /** Node's code of a system error, if there is one. */
  readonly code: string | undefined;
  constructor(url: string, cause: unknown) {
    const code = codeOf(cause);
    super(`no API answers at ${new URL(url).host} (${code ?? "no answer"})`, { cause });
    this.name = "ApiUnreachable";
    this.code = code;
  }
}

/** fetch wraps what went wrong, and that may be one failure for each address of a host. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = Reflect.get(error, "code");
  return typeof code === "string" ? code : codeOf(error.cause);
}
