/** How a failed command ends: one line for people, an exit code for scripts. */
import { CommanderError } from "commander";
import { ConfigurationError, StartFailure } from "@nexus/shared/config";
import { describeError } from "@nexus/shared/telemetry";

/** 0 help was shown, 1 a defect, 2 configuration, schema, privileges or command line, 3 unreachable or wrong version. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : new ConfigurationError("").exitCode;
  return error instanceof StartFailure ? error.exitCode : 1;
}

/** The line to print, or undefined where it is printed already. Defects are reduced to facts without values. */
export function messageOf(error: unknown): string | undefined {
  if (error instanceof CommanderError) return undefined;
  if (error instanceof StartFailure) return error.message;
  return `nexus failed unexpectedly: ${JSON.stringify(describeError(error))}`;
}
