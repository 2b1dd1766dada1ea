/** Runs and their entities: rows of `migration.runs` and `migration.run_entities`. */
import type { Queryable } from "../database/pool.ts";
import type { EntityStatus, RunMode, RunStatus } from "../states/states.ts";
import { heldRun } from "./held.ts";
import type { Columns, runEntities, runs } from "../tables/index.ts";

export interface Run {
  readonly id: number;
  readonly status: RunStatus;
  readonly embeddings: boolean;
  readonly dify: boolean;
  /** Whether users get accounts of Supabase Auth. */
  readonly accounts: boolean;
  /** Overrides of the catalog's codes, as they were given. */
  readonly codes: string;
  /** The traced request that started it. */
  readonly traceContext: string | null;
  /** The zone in which times without one are read, since the run began: one for all loaders. */
  readonly sourceTimezone: string | null;
  readonly mode: RunMode;
  /** Whether it keeps fingerprints of what it reads, for a later delta. */
  readonly fingerprints: boolean;
  /** A delta that waits for the source to answer faster: nothing of it is planned, offered or compared. */
  readonly held: boolean;
}

type RunRow = Columns<
  typeof runs,
  {
    id: "id";
    status: "status";
    embeddings: "embeddings";
    dify: "dify";
    accounts: "accounts";
    codes: "codes";
    traceContext: "trace_context";
    sourceTimezone: "source_timezone";
    mode: "mode";
    fingerprints: "fingerprints";
  }
> & { readonly held: boolean };

const SELECT_RUN = `select ${heldRun("r.id")} as held, id, status, embeddings, dify, accounts, codes::text, trace_context as "traceContext", source_timezone as "sourceTimezone", mode, fingerprints from migration.runs r`;

/** The run that is planned, running or paused, if any. */
export async function activeRun(db: Queryable): Promise<Run | undefined> {
  const found = await db.query<RunRow>(
    `${SELECT_RUN} where status in ('planned', 'running', 'paused')`,
  );
  return found.rows[0];
}

/** One run by its id. */
export async function findRun(db: Queryable, id: number): Promise<Run | undefined> {
  const found = await db.query<RunRow>(`${SELECT_RUN} where id = $1`, [id]);
  return found.rows[0];
}

/**
 * Locks a run before its entities and batches are changed: every control operation begins here. Not `for update`: that would
 * hold up the foreign keys of loaders and settlers, which have the batch or the entity that is locked next.
 */
export async function lockRun(tx: Queryable, id: number): Promise<RunStatus | undefined> {
  const locked = await tx.query<Columns<typeof runs, { status: "status" }>>(
    `select status from migration.runs where id = $1 for no key update`,
    [id],
  );
  await tx.query(
    `select from migration.run_entities where run_id = $1 order by position for no key update`,
    [id],
  );
  return locked.rows[0]?.status;
}

/** Entities of a run in one of some statuses, in the order of the catalog. */
export async function entitiesIn(
  db: Queryable,
  runId: number,
  statuses: readonly EntityStatus[],
): Promise<string[]> {
  const found = await db.query<Columns<typeof runEntities, { entity: "entity" }>>(
    `select entity from migration.run_entities where run_id = $1 and status = any($2::text[]) order by position`,
    [runId, statuses],
  );
  return found.rows.map((row) => row.entity);
}

/** Locks one entity of a run, unless another extractor has it. */
export async function claimEntity(
  tx: Queryable,
  runId: number,
  entity: string,
  status: EntityStatus,
): Promise<boolean> {
  const claimed = await tx.query(
    `select from migration.run_entities e join migration.runs r on r.id = e.run_id
     where e.run_id = $1 and e.entity = $2 and e.status = $3 and r.status = 'running'
     for update of e skip locked`,
    [runId, entity, status],
  );
  return claimed.rowCount === 1;
}
