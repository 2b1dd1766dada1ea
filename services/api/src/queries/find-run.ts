/** A run as people see it. Instants are ISO 8601. */
import type { Queryable } from "@nexus/shared/database";
import type { RunMode, RunStatus } from "@nexus/shared/states";
import { and, desc, eq, given, iso, query, read, runs, sql } from "@nexus/shared/tables";

const facts = {
  id: runs.id,
  status: runs.status,
  embeddings: runs.embeddings,
  dify: runs.dify,
  accounts: runs.accounts,
  createdAt: iso(runs.created_at),
  startedAt: iso(runs.started_at),
  finishedAt: iso(runs.finished_at),
  errorCode: runs.error_code,
  backup: runs.backup,
  mode: runs.mode,
};

export interface RunFacts {
  readonly id: number;
  readonly status: RunStatus;
  readonly embeddings: boolean;
  readonly dify: boolean;
  readonly accounts: boolean;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly errorCode: string | null;
  /** Whether it backs entities up before it writes to them. */
  readonly backup: boolean;
  readonly mode: RunMode;
}

/** The newest run, which is the active one if any is. */
export async function findNewestRun(db: Queryable): Promise<RunFacts | undefined> {
  const [newest] = await read(db, query.select(facts).from(runs).orderBy(desc(runs.id)).limit(1));
  return newest;
}

/** One run by its id. */
export async function findRunFacts(db: Queryable, id: number): Promise<RunFacts | undefined> {
  const [found] = await read(db, query.select(facts).from(runs).where(eq(runs.id, id)));
  return found;
}

export interface RunFilter {
  readonly status: RunStatus | undefined;
  /** The last id of the page before. */
  readonly before: string | undefined;
  readonly limit: number;
}

/** Runs, the newest first. */
export async function listRuns(
  db: Queryable,
  { status, before, limit }: RunFilter,
): Promise<RunFacts[]> {
  const wanted = and(
    given(status, (status) => eq(runs.status, status)),
    given(before, (id) => sql`${runs.id} < ${id}::bigint`),
  );
  return await read(
    db,
    query.select(facts).from(runs).where(wanted).orderBy(desc(runs.id)).limit(limit),
  );
}
