/** Whether the source is followed, and how far behind the target is, as people see it. Instants are ISO 8601. */
import { syncStopInWords, type SyncView } from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";
import { busyWith, cutOver, deltaIsDue, openProof, type SyncOrder } from "@nexus/shared/ledger";
import { desc, eq, iso, query, read, runs, sql, syncs } from "@nexus/shared/tables";
import { lagOf } from "./sync-lag.ts";

type Following = NonNullable<SyncView["following"]>;

/** `catalog`: the names of all entities, parents first. */
export async function viewOfSync(db: Queryable, catalog: readonly string[]): Promise<SyncView> {
  const found = await newest(db);
  return {
    following: found === undefined ? null : await viewOf(db, found),
    lag: await lagOf(db, followed(found, catalog)),
  };
}

const DUE = sql.raw(deltaIsDue("migration.syncs.every_seconds"));

const columns = {
  id: syncs.id,
  everySeconds: syncs.every_seconds,
  asked: syncs.asked,
  actor: syncs.actor,
  reason: syncs.reason,
  since: iso(syncs.created_at),
  seconds: sql<number>`extract(epoch from now() - ${syncs.created_at})::float8`,
  deltas: syncs.deltas,
  runId: runs.id,
  runStatus: runs.status,
  runCode: runs.error_code,
  sourceMs: syncs.source_ms,
  limitMs: syncs.source_limit_ms,
  measuredAt: iso(syncs.measured_at),
  // Nobody looks at the source while no delta is due and none runs: what was found before says nothing then.
  pausedSince: sql<
    string | null
  >`case when ${DUE} or ${runs.status} in ('planned', 'running', 'paused')
    then to_json(${syncs.paused_since}) #>> '{}' end`,
  stoppedAt: iso(syncs.stopped_at),
  stoppedBy: syncs.stopped_by,
  stopCode: syncs.stop_code,
  stopReason: syncs.stop_reason,
  nextAt: sql<string>`to_json(greatest(${syncs.created_at}, (select greatest(max(r.created_at), max(r.started_at)) from migration.runs r)
    + ${syncs.every_seconds} * interval '1 second')) #>> '{}'`,
  due: sql<boolean>`${DUE}`,
};

async function newest(db: Queryable) {
  const [row] = await read(
    db,
    query
      .select(columns)
      .from(syncs)
      .leftJoin(runs, eq(runs.id, syncs.run_id))
      .orderBy(desc(syncs.id))
      .limit(1),
  );
  return row && { ...row, order: orderOf(row.asked) };
}

type Found = NonNullable<Awaited<ReturnType<typeof newest>>>;

function orderOf(asked: string): SyncOrder {
  return JSON.parse(asked);
}

/** What is followed, or was last; all, if nothing ever was. */
function followed(found: Found | undefined, catalog: readonly string[]): readonly string[] {
  const { entities = catalog, skip = [] } = found?.order ?? {};
  return catalog.filter((name) => entities.includes(name) && !skip.includes(name));
}

/** What is to be measured of a source that is followed, or was last. */
export interface SyncFigures {
  /** It ended with what a person must look at, and the target was not handed over since. */
  readonly needsPerson: boolean;
  /** 0: it is not followed. */
  readonly everySeconds: number;
  readonly paused: boolean;
  readonly sourceMs: number | null;
  /** By entity that is followed, in seconds. */
  readonly lag: Readonly<Record<string, number>>;
}

/** Undefined: nothing was ever followed. Where the target has seen nothing yet, its lag is the time for which it is followed. */
export async function measureSync(
  db: Queryable,
  catalog: readonly string[],
): Promise<SyncFigures | undefined> {
  const found = await newest(db);
  if (found === undefined) return undefined;
  if (found.stoppedAt !== null) return await measureEnd(db, found);
  const { everySeconds, pausedSince, sourceMs, seconds: since } = found;
  const lag = await lagOf(db, followed(found, catalog));
  return {
    needsPerson: false,
    everySeconds,
    paused: pausedSince !== null,
    sourceMs,
    lag: Object.fromEntries(lag.map(({ entity, seconds }) => [entity, seconds ?? since])),
  };
}

async function measureEnd(db: Queryable, { stopCode }: Found): Promise<SyncFigures> {
  const { next } = syncStopInWords(stopCode ?? "asked");
  const needsPerson = next !== null && (await cutOver(db)) === undefined;
  return { needsPerson, everySeconds: 0, paused: false, sourceMs: null, lag: {} };
}

async function viewOf(db: Queryable, found: Found): Promise<Following> {
  const { id, everySeconds, actor, reason, since, deltas, order, runId, runStatus } = found;
  const goesOn = found.stoppedAt === null;
  return {
    id,
    everySeconds,
    entities: order.entities === undefined ? null : [...order.entities],
    skip: [...(order.skip ?? [])],
    actor,
    reason,
    since,
    deltas,
    run:
      runId === null || runStatus === null
        ? null
        : { id: runId, status: runStatus, errorCode: found.runCode },
    nextAt: goesOn ? found.nextAt : null,
    waitsFor: goesOn ? await waitsFor(db, found) : null,
    source: sourceOf(found),
    stopped: stoppedOf(found),
  };
}

function sourceOf({ sourceMs, limitMs, measuredAt, pausedSince }: Found): Following["source"] {
  if (sourceMs === null || limitMs === null || measuredAt === null) return null;
  return { ms: sourceMs, limitMs, measuredAt, pausedSince };
}

function stoppedOf({ stoppedAt, stoppedBy, stopCode, stopReason }: Found): Following["stopped"] {
  if (stoppedAt === null || stopCode === null) return null;
  const { says } = syncStopInWords(stopCode);
  return { at: stoppedAt, by: stoppedBy ?? "", code: stopCode, says, reason: stopReason };
}

/** A delta that is under way waits for the source only. */
async function waitsFor(db: Queryable, { runId, pausedSince, due }: Found): Promise<string | null> {
  if (pausedSince !== null) return "source_slow";
  if (!due) return null;
  const busy = await busyWith(db);
  if (busy?.kind === "run_active" && busy.runId === runId) return null;
  if (busy !== undefined) return busy.kind;
  return (await openProof(db)) === undefined ? null : "proof_open";
}
