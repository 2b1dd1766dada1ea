/** Structured logs: facts as fields with a constant message. No row's value ever reaches a log. */
import { type Logger, type LoggerOptions, pino } from "pino";
import { LOG_LEVELS } from "../config/process-variables.ts";
import { describeError } from "./describe-error.ts";
import { logLines } from "./log-lines.ts";

export type Log = Logger;

/** A JSON logger on standard output. `LOG_LEVEL` sets its level; what is none counts as info, and is refused when the service parses its variables. Errors are reduced to what is safe. What the output does not take is dropped; `flush` at the end waits for a slow reader. */
export function openLog(service: string): Log {
  const options: LoggerOptions = {
    level: LOG_LEVELS.find((level) => level === process.env["LOG_LEVEL"]) ?? "info",
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
  };
  return pino(options, logLines(process.stdout.fd)); // Asked for it, Node lets a pipe with a slow reader block nobody.
}
