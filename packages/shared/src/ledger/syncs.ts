/** Following a live source: asked for by an operator, carried out by extractors, a delta after the other, until it is stopped. */
import type { Queryable } from "../database/pool.ts";
import { blocked, settled } from "../states/states.ts";
import type { Columns, syncs } from "../tables/index.ts";
import { type By, recordAudit } from "./audit.ts";
import type { Order } from "./order.ts";

/** What its deltas are begun with. */
export type SyncOrder = Omit<Order, "mode" | "cutover" | "afterCutover" | "newBill">;

type Row = Columns<
  typeof syncs,
  {
    id: "id";
    everySeconds: "every_seconds";
    asked: "asked";
    actor: "actor";
    reason: "reason";
    runId: "run_id";
  }
> & {
  readonly due: boolean;
  readonly running: boolean;
  readonly paused: boolean;
  readonly measured: boolean;
};

/** What is followed, as extractors hold it. */
export interface Sync extends Omit<Row, "asked"> {
  readonly asked: SyncOrder;
  /** The newest run, whoever started it, was begun an interval ago. */
  readonly due: boolean;
  /** A delta of it is under way. */
  readonly running: boolean;
  /** It waits for the source to answer faster. */
  readonly paused: boolean;
  /** Some extractor has looked within a second how fast the source answers. */
  readonly measured: boolean;
}

/** SQL: whether the newest run, whoever started it, was begun so many seconds ago. */
export function deltaIsDue(everySeconds: string): string {
  return `not exists (select from migration.runs r where greatest(r.created_at, r.started_at) > now() - ${everySeconds} * interval '1 second')`;
}

const SELECT = `select id, every_seconds as "everySeconds", asked::text, actor, reason, run_id as "runId", paused_since is not null as paused,
    coalesce(measured_at > now() - interval '1 second', false) as measured,
    ${deltaIsDue("s.every_seconds")} as due,
    exists (select from migration.runs r where r.id = s.run_id and r.status in ('planned', 'running', 'paused')) as running
  from migration.syncs s where stopped_at is null`;

/** What is followed now, if anything is. */
export async function openSync(db: Queryable): Promise<Sync | undefined> {
  return syncOf((await db.query<Row>(SELECT)).rows);
}

/** The same, locked: who stops it waits. Under `lockStarts` first, if at all. */
export async function lockSync(tx: Queryable): Promise<Sync | undefined> {
  return syncOf((await tx.query<Row>(`${SELECT} for no key update of s`)).rows);
}

function syncOf([row]: readonly Row[]): Sync | undefined {
  return row && { ...row, asked: JSON.parse(row.asked) };
}

/** Begins to follow, under `lockStarts`, while nothing is followed. */
export async function createSync(
  tx: Queryable,
  everySeconds: number,
  asked: SyncOrder,
  by: By,
): Promise<number> {
  const made = await tx.query<{ id: number }>(
    `insert into migration.syncs (every_seconds, asked, actor, reason) values ($1, $2::jsonb, $3, $4) returning id`,
    [everySeconds, JSON.stringify(asked), by.actor, by.reason],
  );
  const [row] = made.rows;
  if (row === undefined) throw new Error("following without a row");
  const { entities, skip } = asked;
  const details = { sync: row.id, everySeconds, entities, skip };
  await recordAudit(tx, by, { action: "sync", runId: null, details });
  return row.id;
}

/** Keeps which delta was begun for it. */
export async function recordDeltaOf(tx: Queryable, id: number, runId: number): Promise<void> {
  await tx.query(`update migration.syncs set run_id = $2, deltas = deltas + 1 where id = $1`, [
    id,
    runId,
  ]);
}

/** Stops it, under `lockStarts`; the delta that is under way goes on. Returns its number; undefined: nothing was followed. `code`: why. */
export async function stopSync(tx: Queryable, code: string, by: By): Promise<number | undefined> {
  const stopped = await tx.query<{ id: number }>(
    `update migration.syncs set stopped_at = clock_timestamp(), stopped_by = $2, stop_code = $1, stop_reason = $3, paused_since = null
     where stopped_at is null returning id`,
    [code, by.actor, by.reason],
  );
  const id = stopped.rows[0]?.id;
  if (id === undefined) return undefined;
  const details = { sync: id, code };
  await recordAudit(tx, by, { action: "stop_sync", runId: null, details });
  return id;
}

/** How fast the source answered. */
export interface SourceSpeed {
  readonly ms: number;
  readonly limitMs: number;
}

/**
 * Keeps how fast the source answered, with the row locked. Beyond the limit its delta is held: nothing more of it is planned, offered, begun
 * or compared until the source is fast enough again. Returns whether that has changed.
 */
export async function recordSpeed(
  tx: Queryable,
  { id, paused }: Sync,
  { ms, limitMs }: SourceSpeed,
): Promise<boolean> {
  const slow = ms > limitMs;
  await tx.query(
    `update migration.syncs set source_ms = $2, source_limit_ms = $3, measured_at = clock_timestamp(),
       paused_since = case when $4 then coalesce(paused_since, clock_timestamp()) end where id = $1`,
    [id, Math.round(ms), limitMs, slow],
  );
  return slow !== paused;
}

/** A pause: how fast the source answered last, the limit, and for how long it lasts so far. */
export interface SourcePause extends SourceSpeed {
  readonly seconds: number;
}

/** Whether a run waits for the source to answer faster. */
export async function pausedBySource(
  db: Queryable,
  runId: number,
): Promise<SourcePause | undefined> {
  const found = await db.query<SourcePause>(
    `select source_ms as ms, source_limit_ms as "limitMs", extract(epoch from now() - paused_since)::integer as seconds
     from migration.syncs where run_id = $1 and paused_since is not null and stopped_at is null`,
    [runId],
  );
  return found.rows[0];
}

/** An entity in which a run comes to no end without a person. */
export interface Stuck {
  readonly entity: string;
  readonly errorCode: string | null;
}

/** An entity of the catalog, and the names of its parents. */
interface Kin {
  readonly name: string;
  readonly parents: object;
}

/** The first of them, once nothing else of the run moves. What is planned moves when its parents are settled: it is backed up, or opened. */
export async function stuckIn(
  db: Queryable,
  runId: number,
  catalog: readonly Kin[],
): Promise<Stuck | undefined> {
  const kinships = catalog.flatMap(({ name, parents }) =>
    Object.keys(parents).map((parent) => ({ child: name, parent })),
  );
  const found = await db.query<Stuck>(
    `select e.entity, e.error_code as "errorCode" from migration.run_entities e
     where e.run_id = $1 and ${blocked("e")} and not exists (
       select from migration.run_entities o where o.run_id = e.run_id and (
         o.status in ('waiting', 'planning', 'loading', 'settling')
         or (o.status = 'planned' and not exists (
           select from unnest($2::text[], $3::text[]) as k (child, parent)
           join migration.run_entities p on p.run_id = o.run_id and p.entity = k.parent
           where k.child = o.entity and not ${settled("p")}))))
     order by e.position limit 1`,
    [runId, kinships.map(({ child }) => child), kinships.map(({ parent }) => parent)],
  );
  return found.rows[0];
}
