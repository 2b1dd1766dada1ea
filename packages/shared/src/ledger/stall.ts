/** Whether a run that should move does not: derived from what is ready and what was done last, whatever the cause is. */
import type { Queryable } from "../database/pool.ts";
import { type Carrier, type Heard, heardOf } from "./heartbeats.ts";
import { currentHolds, holdsAll } from "./holds.ts";
import { pausedBySource } from "./syncs.ts";
import { type EntityStatus, isSettled } from "../states/states.ts";
import type { runEntities, runs } from "../tables/index.ts";

/** Seconds without any progress after which a run with work that is ready stands still. */
const STALL_SECONDS = 30;

/** What is ready to be done for an entity, or for the run. */
export type Ready =
  | "begin"
  | "plan"
  | "back_up"
  | "open"
  | "offer"
  | "load"
  | "settle"
  | "complete";

/** Work that could be done now. */
export interface ReadyWork {
  /** Null: the run itself. */
  readonly entity: string | null;
  readonly ready: Ready;
  /** Batches that are queued (`load`) or still to be enqueued (`offer`). */
  readonly batches: number;
  /** The newest error of that work. */
  readonly errorCode: string | null;
  /** All that its batches carry, and its own: those of an older trouble stay until a batch ends. */
  readonly errorCodes: readonly string[];
}

/** A run that stands still. */
export interface Stall {
  readonly runId: number;
  /** Since the last progress. */
  readonly seconds: number;
  readonly work: readonly ReadyWork[];
  readonly heard: Readonly<Record<Carrier, Heard>>;
}

/** An entity of the catalog and its parents. */
interface Kin {
  readonly name: string;
  readonly parents: object;
}

/**
 * Undefined while the run moves, has nothing that could be done (ended, paused, blocked), or a server holds all of it up or is to be
 * spared: that is said in words of its own (`holdInWords`). A lock, or a table that is away, holds up only who met it. Cheap while it moves: one row of the run and its entities.
 */
export async function findStall(
  db: Queryable,
  runId: number,
  catalog: readonly Kin[],
  afterSeconds = STALL_SECONDS,
): Promise<Stall | undefined> {
  const [run] = (await db.query<RunFacts>(RUN, [runId])).rows;
  if (run === undefined || run.seconds < afterSeconds) return undefined;
  const holds = await currentHolds(db);
  if (holds.some(({ code }) => holdsAll(code))) return undefined;
  if ((await pausedBySource(db, runId)) !== undefined) return undefined;
  const heard = await heardOf(db);
  const ready = await readyWork(db, runId, run, catalog);
  const work = holds.length === 0 ? ready : ready.filter((one) => !isHeldUp(one, heard));
  return work.length === 0 ? undefined : { runId, seconds: run.seconds, work, heard };
}

/**
 * Whether work has met what holds up a part of a run, while a part is held up, and somebody is there who goes on with it. Which code it has met
 * does not matter: of each server only the newest is on record, and two parts may be refused for different things.
 */
function isHeldUp({ ready, errorCodes }: ReadyWork, heard: Stall["heard"]): boolean {
  const { alive } = heard[ready === "load" ? "loader" : "extractor"];
  return alive > 0 && errorCodes.some((code) => !holdsAll(code));
}

interface RunFacts {
  readonly status: Extract<typeof runs.$inferSelect.status, "planned" | "running">;
  readonly errorCode: typeof runs.$inferSelect.error_code;
  readonly seconds: number;
}

/** Progress is a batch that ended, an entity that moved, or an operator who changed something. */
const RUN = `
  select r.status, r.error_code as "errorCode",
    extract(epoch from now() - greatest(r.created_at, r.started_at, e.moved, a.at, b.done, f.failed))::integer as seconds
  from migration.runs r
  cross join lateral (select max(greatest(moved_at, started_at, settled_at)) as moved
                      from migration.run_entities where run_id = r.id) e
  cross join lateral (select max(at) as at from migration.audit_log where run_id = r.id) a
  cross join lateral (select max(finished_at) as done from migration.batches where run_id = r.id and status = 'done') b
  cross join lateral (select max(finished_at) as failed from migration.batches where run_id = r.id and status = 'failed') f
  where r.id = $1 and r.status in ('planned', 'running')`;

interface EntityFacts extends Pick<
  typeof runEntities.$inferSelect,
  "entity" | "status" | "waived"
> {
  readonly planned: number;
  readonly queued: number;
  readonly errorCode: string | null;
  /** Its own and its batches', with spaces between. */
  readonly codes: string;
  /** Its backup; null: it is taken or waived, or none is wanted. */
  readonly backup: "wanted" | "running" | null;
}

async function readyWork(
  db: Queryable,
  runId: number,
  run: RunFacts,
  catalog: readonly Kin[],
): Promise<ReadyWork[]> {
  if (run.status === "planned") return [ofRun("begin", run.errorCode)];
  const { rows } = await db.query<EntityFacts>(ENTITIES, [runId]);
  const open = new Set(rows.filter((row) => !isSettled(row)).map(({ entity }) => entity));
  if (open.size === 0) return [ofRun("complete", null)];
  return rows.flatMap((row) => {
    const parents = Object.keys(catalog.find(({ name }) => name === row.entity)?.parents ?? {});
    return workOf(row, !parents.some((parent) => open.has(parent)));
  });
}

function ofRun(ready: Ready, errorCode: string | null): ReadyWork {
  const errorCodes = errorCode === null ? [] : [errorCode];
  return { entity: null, ready, batches: 0, errorCode, errorCodes };
}

/** The newest error of a batch is that of the one that was to be tried again last. */
const ENTITIES = `
  select e.entity, e.status, e.waived,
    count(*) filter (where b.status = 'planned') as planned, count(*) filter (where b.status = 'queued') as queued,
    coalesce(e.error_code, (array_agg(b.error_code order by b.available_at desc) filter (where b.error_code is not null))[1]) as "errorCode",
    concat_ws(' ', e.error_code, string_agg(distinct b.error_code, ' ')) as codes,
    (select case when d.status in ('done', 'waived') then null when d.claimed_until > now() then 'running' else 'wanted' end
     from migration.runs r left join migration.backups d on d.run_id = r.id and d.entity = e.entity
     where r.id = e.run_id and r.backup) as backup
  from migration.run_entities e
  left join migration.batches b on b.run_id = e.run_id and b.entity = e.entity and b.status in ('planned', 'queued')
  where e.run_id = $1 group by e.run_id, e.entity order by e.position`;

type Facts = Pick<EntityFacts, "planned" | "queued" | "backup">;

const NOTHING = (): null => null;

/** By status: what is ready, and in how many batches. `isOpen`: its parents are settled. */
const READY_IN: Readonly<
  Record<EntityStatus, (facts: Facts, isOpen: boolean) => [Ready, number] | null>
> = {
  waiting: () => ["plan", 0],
  planning: () => ["plan", 0],
  planned: ({ backup }, isOpen) => {
    if (!isOpen || backup === "running") return null;
    return [backup === "wanted" ? "back_up" : "open", 0];
  },
  loading: ({ planned, queued }, isOpen) => {
    if (planned + queued === 0) return ["settle", 0];
    if (!isOpen) return null;
    return queued > 0 ? ["load", queued] : ["offer", planned];
  },
  settling: () => ["settle", 0],
  complete: NOTHING,
  blocked: NOTHING,
  skipped: NOTHING,
  cancelled: NOTHING,
  rolled_back: NOTHING,
};

function workOf(facts: EntityFacts, isOpen: boolean): ReadyWork[] {
  const found = READY_IN[facts.status](facts, isOpen);
  if (found === null) return [];
  const [ready, batches] = found;
  const { entity, errorCode, codes } = facts;
  const errorCodes = codes === "" ? [] : codes.split(" ");
  return [{ entity, ready, batches, errorCode, errorCodes }];
}
