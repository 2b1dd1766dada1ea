/** Thrown by routes, answered as `application/problem+json`. */
import { STATUS_CODES } from "node:http";
import type { ProblemCode } from "@nexus/contract";
import type { FastifyReply } from "fastify";

/** What the API answers when it does not do what was asked. Never holds a row's value, SQL, or the text of a database's error. */
export class Problem extends Error {
  readonly status: number;
  readonly code: ProblemCode;
  /** Further members of the answer. */
  readonly facts: Readonly<Record<string, unknown>>;
  constructor(
    status: number,
    code: ProblemCode,
    detail: string,
    facts: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(detail, options);
    this.name = new.target.name;
    this.status = status;
    this.code = code;
    this.facts = facts;
  }
}

/** Answers with a problem. */
export async function sendProblem(reply: FastifyReply, problem: Problem): Promise<void> {
  const { status, code, message, facts } = problem;
  if (status === 503) reply.header("retry-after", "5");
  await reply
    .code(status)
    .type("application/problem+json")
    .send({ ...facts, title: STATUS_CODES[status], status, code, detail: message });
}

/** Refuses the name of an entity that is not in the catalog. */
export function requireEntity(entity: string, known: readonly string[]): void {
  if (!known.includes(entity))
    throw new Problem(
      404,
      "unknown_entity",
      `there is no such entity; there are ${known.join(", ")}`,
      {
        known,
      },
    );
}
