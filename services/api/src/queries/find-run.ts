/** A run as people see it. Instants are ISO 8601. */
import type { Queryable } from "@nexus/shared/database";
import type { RunStatus } from "@nexus/shared/states";

export interface RunFacts {
  readonly id: number;
  readonly status: RunStatus;
  readonly embeddings: boolean;
  readonly dify: boolean;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly errorCode: string | null;
}

const FACTS = `id, status, embeddings, dify, to_json(created_at) #>> '{}' as "createdAt",
  to_json(started_at) #>> '{}' as "startedAt", to_json(finished_at) #>> '{}' as "finishedAt", error_code as "errorCode"`;

/** The newest run, which is the active one if any is. */
export async function findNewestRun(db: Queryable): Promise<RunFacts | undefined> {
  const found = await db.query<RunFacts>(`select ${FACTS} from migration.runs order by id desc limit 1`);
  return found.rows[0];
}

/** One run by its id. */
export async function findRunFacts(db: Queryable, id: number): Promise<RunFacts | undefined> {
  const found = await db.query<RunFacts>(`select ${FACTS} from migration.runs where id = $1`, [id]);
  return found.rows[0];
}

export interface RunFilter {
  readonly status: RunStatus | undefined;
  /** The last id of the page before. */
  readonly before: string | undefined;
  readonly limit: number;
}

/** Runs, the newest first. */
export async function listRuns(db: Queryable, { status, before, limit }: RunFilter): Promise<RunFacts[]> {
  const found = await db.query<RunFacts>(
    `select ${FACTS} from migration.runs
     where ($1::text is null or status = $1) and ($2::bigint is null or id < $2) order by id desc limit $3`,
    [status ?? null, before ?? null, limit],
  );
  return found.rows;
}
