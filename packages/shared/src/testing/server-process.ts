import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { remark } from "./test-run.ts";
import { tieToTestFile } from "./tie-to-test-file.ts";

/** The account a server runs under where we are root and it must not be. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** What a kind of server needs to be run here. */
export interface ServerKind {
  /** Names the folder. */
  readonly name: string;
  readonly account?: Account | undefined;
  /** What ends it at once, as a crash would, and leaves nothing behind. */
  readonly crash: "SIGKILL" | "SIGQUIT";
  /** What ends it in good order. */
  readonly end: "SIGTERM" | "SIGINT";
}

/** A private server process in a temporary folder, that is started and ended many times and never outlives us. */
export interface ServerProcess {
  readonly folder: string;
  start(command: string, args: readonly string[]): void;
  running(): boolean;
  /** Ends it, and resolves when it is gone. Nothing to do where it is not running. */
  end(how: "crash" | "end"): Promise<void>;
  /** Everything it wrote so far, over all its starts. */
  log(): string;
  /** Ends it and removes the folder. With NEXUS_KEEP set the folder is kept. */
  remove(): Promise<void>;
}

/** Makes the folder of a server; starts nothing yet. */
export function serverProcess(kind: ServerKind): ServerProcess {
  const folder = mkdtempSync(join(tmpdir(), `nexus-${kind.name}-`));
  if (kind.account) chownSync(folder, kind.account.uid, kind.account.gid);
  const logFile = join(folder, "server.log");
  const keep = Boolean(process.env["NEXUS_KEEP"]);
  if (keep) remark("folder kept", folder);
  const tied = tieToTestFile(kind.crash, keep ? undefined : folder);
  let child: ChildProcess | undefined;
  let lastLog: string | undefined;
  const end = async (how: "crash" | "end"): Promise<void> => {
    if (child && isRunning(child)) {
      const gone = once(child, "exit");
      child.ref();
      child.kill(kind[how]);
      await gone;
    }
  };
  return {
    folder,
    start: (command, args) => {
      child = launch(command, args, { cwd: folder, logFile, account: kind.account });
      child.once("exit", () => tied.release());
      if (child.pid !== undefined) tied.hold(child.pid);
    },
    running: () => child !== undefined && isRunning(child),
    end,
    log: () => lastLog ?? readFileSync(logFile, "utf8"),
    remove: async () => {
      await end("end");
      lastLog ??= existsSync(logFile) ? readFileSync(logFile, "utf8") : ""; // None where it never started.
      await tied.cut();
    },
  };
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

interface Launch {
  readonly cwd: string;
  readonly logFile: string;
  readonly account: Account | undefined;
}

/** In a session of its own: Ctrl-C at the terminal ends the tests, and they end their servers. */
function launch(
  command: string,
  args: readonly string[],
  { cwd, logFile, account }: Launch,
): ChildProcess {
  const log = openSync(logFile, "a");
  const env = { PATH: process.env["PATH"], TZ: "UTC", LC_ALL: "C" };
  const child = spawn(command, args, {
    cwd,
    env,
    detached: true,
    stdio: ["ignore", log, log],
    ...account,
  });
  closeSync(log);
  child.on("error", () => undefined); // No pid then: whoever waits for the server says so.
  child.unref();
  return child;
}

/** A port of the loopback interface that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string")
    throw new Error("the loopback interface gave no port");
  return address.port;
}
