/** The API did not do what was asked. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  /** All members of the answer. */
  readonly facts: Readonly<Record<string, unknown>>;
  constructor(status: number, code: string, detail: string, facts: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.name = "ApiProblem";
    this.status = status;
    this.code = code;
    this.facts = facts;
  }
}
