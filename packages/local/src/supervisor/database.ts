import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { SupervisedSpec } from "./supervisor.ts";

export interface DatabaseSpec {
  readonly name: string;
  /** The data folder. */
  readonly dataDir: string;
  /** As in `set search_path`, for all its clients. */
  readonly searchPath: string;
  readonly log: (line: string) => void;
}

const Ready = z.object({ port: z.number(), url: z.string() });
const SERVE = new URL("../../dist/serve.js", import.meta.url);
const RESTARTS = 5;

/** An embedded database as a process (see serve.ts). One that ended comes back on the same port, so that its URL stays true. */
export function databaseProcess({ name, dataDir, searchPath, log }: DatabaseSpec): SupervisedSpec {
  const args = ["--data", dataDir, "--schema-search-path", searchPath, "--vector"];
  return {
    name,
    script: fileURLToPath(SERVE),
    args,
    argsAgain: (readyLine) => [...args, "--port", String(Ready.parse(JSON.parse(readyLine)).port)],
    ready: (line) => line.startsWith('{"port":'),
    restarts: RESTARTS,
    log,
  };
}

/** The URL in the line with which a database is ready. */
export function databaseUrl(readyLine: string): string {
  return Ready.parse(JSON.parse(readyLine)).url;
}
