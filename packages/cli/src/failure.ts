/** How a failed command ends: one line for people, an exit code for scripts. */
import { ApiProblem, ApiUnreachable } from "@nexus/contract";
import { ConfigurationError, StartFailure, UnavailableError } from "@nexus/shared/config";
import { describeError } from "@nexus/shared/telemetry";
import { CommanderError } from "commander";

/** The exit codes of `nexus`; shown in its documentation. */
export const EXIT_CODES = {
  done: { code: 0, means: "the command did what was asked, and what was asked about is well" },
  unwell: {
    code: 1,
    means:
      "what was asked about failed, is blocked, or needs a person (`status`, `start --wait`, `doctor`); or a defect of `nexus`",
  },
  usage: {
    code: 2,
    means: "the command line, the configuration, a schema or a privilege is wrong",
  },
  unreachable: {
    code: 3,
    means:
      "the API, or a server that it or the command needs, cannot be reached, is too busy or of a wrong version",
  },
  refused: {
    code: 4,
    means: "the API refused: another status, role, token or name is needed; nothing was changed",
  },
} as const;

/** One of `EXIT_CODES`. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.usage.code;
  if (error instanceof ApiUnreachable) return EXIT_CODES.unreachable.code;
  if (error instanceof ApiProblem) return codeOfProblem(error);
  return error instanceof StartFailure ? error.exitCode : EXIT_CODES.unwell.code;
}

/** What does not speak as the API does is another server: an address is wrong. */
function codeOfProblem({ status, code }: ApiProblem): number {
  if (status === 502 || status === 503 || status === 504) return new UnavailableError("").exitCode;
  if (code === "unexpected_answer") return new ConfigurationError("").exitCode;
  return status < 500 ? EXIT_CODES.refused.code : EXIT_CODES.unwell.code;
}

const ENDED =
  "a database ended a statement of ours (57014): it took longer than the statement_timeout of the role, the database or PGOPTIONS allows, or somebody cancelled it";

/** The line to print, or undefined where it is printed already. Defects are reduced to facts without values. */
export function messageOf(error: unknown): string | undefined {
  if (error instanceof CommanderError) return undefined;
  if (error instanceof StartFailure) return error.message;
  if (error instanceof ApiUnreachable)
    return `NEXUS_API_URL: ${error.message}: is it running, and reachable from here? \`nexus doctor\` says more`;
  if (error instanceof ApiProblem) return `the API: ${error.message} (${error.code})`;
  if (error instanceof Error && Reflect.get(error, "code") === "57014") return ENDED;
  return `nexus failed unexpectedly: ${JSON.stringify(describeError(error))}`;
}
