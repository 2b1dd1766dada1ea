/** `nexus` in this process, for tests of what a command says: a process takes 0.7 s of a processor to load the program (measured). */
import { runNexus } from "./program.ts";

/** How a command ended, and what it printed. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command line, split into words, without a terminal and with this environment alone.
 *
 * @throws where another one runs here: the environment and what is written are the whole process's meanwhile
 */
export async function nexusHere(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
  const printed = { stdout: "", stderr: "" };
  const giveBack = lendProcess(
    { PATH: process.env["PATH"], ...env },
    (stream, text) => (printed[stream] += text),
  );
  try {
    await runNexus([process.execPath, "nexus", ...args]);
    return { code: Number(process.exitCode ?? 0), ...printed };
  } finally {
    giveBack();
  }
}

const STREAMS = ["stdout", "stderr"] as const;

let lent = false;

/** Returns what gives the process back as it was. */
function lendProcess(
  env: NodeJS.ProcessEnv,
  written: (stream: (typeof STREAMS)[number], text: string) => void,
): () => void {
  if (lent) throw new Error("another command runs in this process: run one of them in its own");
  const { env: ours, exitCode } = process;
  const writes = STREAMS.map((stream) => ({ stream, write: process[stream].write }));
  for (const { stream } of writes)
    process[stream].write = (text) => {
      written(stream, String(text));
      return true;
    };
  [lent, process.env, process.exitCode] = [true, env, undefined];
  return () => {
    for (const { stream, write } of writes) process[stream].write = write;
    [lent, process.env, process.exitCode] = [false, ours, exitCode];
  };
}
