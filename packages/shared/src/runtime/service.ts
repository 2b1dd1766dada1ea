/** The life of a service process: configure, start, run until told to stop, close in reverse. */
import { requireCatalog } from "../config/catalog.ts";
import { loadEnvFile } from "../config/env-file.ts";
import { type Config, parseConfig } from "../config/parse.ts";
import { processVariables } from "../config/process-variables.ts";
import type { Variable } from "../config/variables.ts";
import { type Log, openLog } from "../telemetry/log.ts";
import { openTracing } from "../telemetry/open-tracing.ts";
import { type Closers, closers } from "./closers.ts";
import { endOnUnhandled } from "./unhandled.ts";
import { StartFailure } from "../config/failure.ts";

/** What a service is given to start with. */
export interface Context {
  readonly name: string;
  readonly log: Log;
  readonly closers: Closers;
}

export interface Service<V extends Readonly<Record<string, Variable<unknown>>>> {
  readonly name: string;
  readonly variables: V;
  /** Opens what the service needs, registering closers as it goes, and returns facts for the `ready` line. */
  start(config: Config<V>, context: Context): Promise<Readonly<Record<string, unknown>>>;
}

/**
 * Runs a service. Exit codes: 0 stopped on request, 1 a defect (also an error that nobody handled), 2 configuration, catalog, schema or privileges, 3 unreachable or wrong version.
 * SIGTERM and SIGINT close everything within `SHUTDOWN_GRACE_MS` (default 25,000); a second signal, or the deadline, ends the process at once.
 */
export async function runService<V extends Readonly<Record<string, Variable<unknown>>>>(
  service: Service<V>,
): Promise<void> {
  const unread = loadEnv();
  const log = openLog(service.name);
  process.on("exit", () => log.flush());
  process.stderr.on("error", () => undefined); // A full disk, a reader that is gone: the exit code still tells.
  endOnUnhandled((error) =>
    log.fatal({ err: error }, "an error that nobody expected ends this process"),
  );
  const open = closers();
  try {
    if (unread !== undefined) throw unread;
    requireCatalog();
    const config = parseConfig({ ...processVariables, ...service.variables }, process.env);
    stopOnSignal(log, open);
    open.push("tracing", await openTracing(service.name, log));
    log.info(await service.start(config, { name: service.name, log, closers: open }), "ready");
  } catch (error) {
    await fail(log, open, error);
  }
}

/** It may say how to log. Why it was not read is said when there is a log. */
function loadEnv(): unknown {
  try {
    loadEnvFile(process.env);
    return undefined;
  } catch (error) {
    return error;
  }
}

function stopOnSignal(log: Log, open: Closers): void {
  const { SHUTDOWN_GRACE_MS } = parseConfig(processVariables, process.env);
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, "stopping");
    setTimeout(() => process.exit(1), SHUTDOWN_GRACE_MS).unref();
    open.closeAll().then(
      () => process.exit(0),
      (error: unknown) => fail(log, open, error),
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

async function fail(log: Log, open: Closers, error: unknown): Promise<never> {
  const exitCode = error instanceof StartFailure ? error.exitCode : 1;
  if (error instanceof StartFailure) process.stderr.write(`${error.message}\n`);
  else log.error({ err: error }, "failed");
  await open.closeAll().catch((cause: unknown) => log.error({ err: cause }, "closing failed"));
  process.exit(exitCode);
}
