/** Structured logs: facts as fields with a constant message. No row's value ever reaches a log. */
import { type Logger, pino } from "pino";
import { LOG_LEVELS } from "../config/process-variables.ts";
import { describeError } from "./describe-error.ts";

export type Log = Logger;

/** A JSON logger on standard output. `LOG_LEVEL` sets its level; what is none counts as info, and is refused when the service parses its variables. Errors are reduced to what is safe. */
export function openLog(service: string): Log {
  return pino({
    level: LOG_LEVELS.find((level) => level === process.env["LOG_LEVEL"]) ?? "info",
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
  });
}
