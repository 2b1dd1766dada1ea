import { type Exit, type ProcessSpec, type RunningProcess, startProcess } from "./process.ts";

/** A process that the supervisor keeps running. */
export interface SupervisedSpec extends ProcessSpec {
  /** How often it is started anew when it ends by itself; 0 by default. */
  readonly restarts?: number;
  /** The arguments for starting it anew, given the line with which it was ready the first time. */
  readonly argsAgain?: (readyLine: string) => readonly string[];
}

export interface Supervisor {
  /** Starts a process and resolves with the line that says it is ready. */
  start(spec: SupervisedSpec): Promise<string>;
  /** Stops all, the last started first. Resolves when they have ended. */
  stop(): Promise<void>;
}

export interface SupervisorOptions {
  /** Called when a process has ended by itself and will not be started again. */
  readonly onLost: (name: string, exit: Exit) => void;
}

/**
 * Starts processes and leaves none behind: SIGINT, SIGTERM, the end of this process and even its kill -9 end
 * them all (the last by the tether).
 */
export function supervise(options: SupervisorOptions): Supervisor {
  const running: RunningProcess[] = [];
  let stopping: Promise<void> | undefined;

  async function start(spec: SupervisedSpec): Promise<string> {
    const started = await startProcess(spec);
    if (stopping !== undefined) {
      await started.stop();
      throw new Error(`${spec.name} was started while everything stops`);
    }
    running.push(started);
    void started.exited.then((exit) => ended(started, exit, spec));
    return started.readyLine;
  }

  async function ended(old: RunningProcess, exit: Exit, spec: SupervisedSpec): Promise<void> {
    running.splice(running.indexOf(old), 1);
    if (stopping !== undefined) return;
    const restarts = spec.restarts ?? 0;
    spec.log(`ended by itself (${exit}), to be started again at most ${restarts} times`);
    if (restarts === 0) return options.onLost(spec.name, exit);
    const args = spec.argsAgain?.(old.readyLine) ?? spec.args;
    await start({ ...spec, args, restarts: restarts - 1 }).catch(() => {
      if (stopping === undefined) options.onLost(spec.name, exit);
    });
  }

  function stop(): Promise<void> {
    stopping ??= stopAll();
    return stopping;
  }

  async function stopAll(): Promise<void> {
    for (const last of running.toReversed()) await last.stop();
  }

  function stopForSignal(signal: NodeJS.Signals): void {
    void stop().then(() => process.exit(SIGNAL_EXIT_CODES[signal]));
  }

  // Again and again: Ctrl-C comes from the terminal and from our parent, and the second one must not end us before the others.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stopForSignal);
  process.once("exit", () => running.forEach((left) => left.kill()));
  return { start, stop };
}

/** What a shell reports for a program that a signal ended. */
const SIGNAL_EXIT_CODES: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 130, SIGTERM: 143 };
