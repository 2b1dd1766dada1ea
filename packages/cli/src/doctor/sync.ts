import { syncStopInWords } from "@nexus/contract";
import { type Pool, type Queryable, readOnly } from "@nexus/shared/database";
import { desc, query, read, sql, syncs } from "@nexus/shared/tables";
import { duration } from "../words.ts";
import { type Finding, note, well, wrong } from "./finding.ts";

const STATEMENT_MS = 10_000;

/** Intervals within which a delta must have been begun. */
const PATIENCE = 3;

/** Whether a source that is to be followed is followed. */
export async function examineSync(target: Pool): Promise<Finding[]> {
  const sync = await readOnly(target, newestSync, { statementMs: STATEMENT_MS });
  if (sync === undefined) return [];
  const { everySeconds, quietSeconds, running, pausedSeconds, sourceMs, limitMs, stopCode } = sync;
  if (stopCode !== null) return stopped(stopCode);
  if (pausedSeconds !== null)
    return [
      note(
        "run",
        "sync_paused",
        `deltas wait for the source, for ${duration(pausedSeconds)} so far: it answers in ${sourceMs ?? "?"} ms, more than ${limitMs ?? "?"} ms`,
        "look who else works there; they go on by themselves; if that is its usual time, raise SYNC_SOURCE_LATENCY of the extractors",
      ),
    ];
  if (!running && quietSeconds > PATIENCE * everySeconds)
    return [
      wrong(
        "run",
        "sync_behind",
        `the source is to be followed every ${duration(everySeconds)}, and no delta was begun for ${duration(quietSeconds)}`,
        "nexus sync says what the next one waits for; for nothing: start an extractor (npm run start:extractor)",
      ),
    ];
  return [well("run", `the source is followed every ${duration(everySeconds)}`)];
}

/** What somebody wanted is no finding. */
function stopped(code: string): Finding[] {
  const { says, next } = syncStopInWords(code);
  return next === null
    ? []
    : [note("run", "sync_stopped", `the source is followed no more: ${says}`, next)];
}

/** `quietSeconds`: since a run was begun, whoever started it, or since it is followed. `running`: one is under way. */
async function newestSync(tx: Queryable) {
  const [newest] = await read(
    tx,
    query
      .select({
        everySeconds: syncs.every_seconds,
        stopCode: syncs.stop_code,
        sourceMs: syncs.source_ms,
        limitMs: syncs.source_limit_ms,
        // While no delta is due and none runs, nobody looks at the source.
        pausedSeconds: sql<number | null>`case when not exists (select from migration.runs r
            where greatest(r.created_at, r.started_at) > now() - ${syncs.every_seconds} * interval '1 second')
          or exists (select from migration.runs r where r.id = ${syncs.run_id} and r.status in ('planned', 'running', 'paused'))
          then extract(epoch from now() - ${syncs.paused_since})::integer end`,
        quietSeconds: sql<number>`extract(epoch from now() - greatest(${syncs.created_at},
          (select greatest(max(r.created_at), max(r.started_at)) from migration.runs r)))::integer`,
        running: sql<boolean>`exists (select from migration.runs r where r.status in ('planned', 'running', 'paused'))`,
      })
      .from(syncs)
      .orderBy(desc(syncs.id))
      .limit(1),
  );
  return newest;
}
