/** The stack that needs nothing but Node: three embedded databases, one of them carrying the queue. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  databaseProcess,
  databaseUrl,
  type RunningProcess,
  startProcess,
} from "@nexus/local/supervisor";
import { type RunningStack, type Stack, untilFileEnds } from "@nexus/shared/testing";

/** PGlite for the legacy database, the target and the queue, a process each. */
export const embedded: Stack = { name: "embedded", start };

async function start(): Promise<RunningStack> {
  const folder = await mkdtemp(join(tmpdir(), "nexus-embedded-"));
  const databases = await Promise.all([
    startDatabase(folder, "legacy", "public"),
    startDatabase(folder, "target", "public"),
    startDatabase(folder, "queue", "bullmq, public"),
  ]);
  const [legacyUrl = "", targetUrl = "", queueUrl = ""] = databases.map(({ readyLine }) =>
    databaseUrl(readyLine),
  );
  return {
    madeOf: "PGlite",
    legacyUrl,
    targetUrl,
    queueUrl,
    database: undefined,
    queue: undefined,
    stop: async () => {
      await Promise.all(databases.map((database) => database.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One embedded database: its folder is `name` in `folder`. */
export async function startDatabase(
  folder: string,
  name: string,
  searchPath: string,
): Promise<RunningProcess> {
  const database = await startProcess(
    databaseProcess({ name, dataDir: join(folder, name), searchPath, log: () => undefined }),
  );
  const ended = untilFileEnds(() => database.stop());
  void database.exited.then(ended);
  return database;
}
