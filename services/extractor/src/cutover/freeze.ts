/** How long the freeze of the source would last, part by part, by what was measured so far: what nobody has measured is unknown. */
import { backupsAreTaken, embeddingProgress } from "@nexus/shared/ledger";
import type { Queryable } from "@nexus/shared/database";
import { migrated, type Walk } from "./step.ts";

interface Part {
  readonly part:
    | "source"
    | "delta"
    | "last_delta"
    | "verification"
    | "embeddings"
    | "backup"
    | "hand_over";
  /** Null: it is unknown. */
  readonly seconds: number | null;
  /** `measured in run 12`. */
  readonly known: string;
}

interface Freeze {
  /** The parts that are known, together. */
  readonly seconds: number;
  readonly complete: boolean;
  readonly parts: readonly Part[];
}

/** Reads the ledger only. */
export async function foreseeFreeze(walk: Walk): Promise<Freeze> {
  const { quietSeconds } = walk.cutover.asked;
  const { target } = walk.deps;
  const runs = await wholeRuns(target, migrated(walk));
  const parts: Part[] = [
    {
      part: "source",
      seconds: quietSeconds,
      known: "as it is asked for, twice if others are busy on its server",
    },
    { part: "delta", ...deltaTime(runs) },
    { part: "last_delta", ...emptyDeltaTime(runs) },
    { part: "verification", ...(await verificationTime(target, migrated(walk))) },
    { part: "embeddings", ...(await embeddingTime(target)) },
    { part: "backup", ...(await backupTime(walk, runs)) },
    {
      part: "hand_over",
      seconds: quietSeconds,
      known: "if others are busy on its server; at once else",
    },
  ];
  return {
    seconds: parts.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0),
    complete: parts.every(({ seconds }) => seconds !== null),
    parts,
  };
}

type Time = Omit<Part, "part">;

interface WholeRun {
  readonly id: number;
  readonly mode: "full" | "delta";
  readonly backup: boolean;
  readonly seconds: number;
  readonly changed: number;
}

/** Completed runs of all that is migrated, the newest first. */
async function wholeRuns(db: Queryable, entities: readonly string[]): Promise<WholeRun[]> {
  const found = await db.query<WholeRun>(
    `select r.id, r.mode, r.backup, extract(epoch from r.finished_at - r.started_at)::float8 as seconds,
       (select coalesce(sum(inserted + updated), 0)::bigint from migration.batches b where b.run_id = r.id and b.status <> 'rolled_back') as changed
     from migration.runs r where r.status = 'completed' and not exists (
       select from unnest($1::text[]) as n (entity) where not exists (
         select from migration.run_entities e where e.run_id = r.id and e.entity = n.entity and e.status <> 'skipped'))
     order by r.id desc limit 20`,
    [entities],
  );
  return found.rows;
}

function deltaTime(runs: readonly WholeRun[]): Time {
  return timeOf(runs.find(({ mode }) => mode === "delta") ?? runs[0]);
}

function emptyDeltaTime(runs: readonly WholeRun[]): Time {
  const empty = runs.find(({ mode, changed }) => mode === "delta" && changed === 0);
  return empty === undefined ? deltaTime(runs) : timeOf(empty);
}

function timeOf(run: WholeRun | undefined): Time {
  if (run === undefined)
    return { seconds: null, known: "unknown: no run of everything is completed yet" };
  const { id, mode, seconds } = run;
  if (mode === "delta") return { seconds, known: `measured in run ${id}` };
  return {
    seconds,
    known: `estimated from run ${id}, which read every row: there was no delta yet`,
  };
}

async function verificationTime(db: Queryable, entities: readonly string[]): Promise<Time> {
  const found = await db.query<{ id: number; seconds: number }>(
    `select p.id, extract(epoch from p.finished_at - p.started_at)::float8 as seconds from migration.proofs p
     where p.kind = 'verification' and p.status = 'done' and p.started_at is not null
       and p.asked ->> 'range' is null and p.asked ->> 'sample' is null
       and not exists (select from unnest($1::text[]) as n (entity) where not exists (
         select from migration.proof_entities e where e.proof_id = p.id and e.entity = n.entity))
     order by p.id desc limit 1`,
    [entities],
  );
  const [proof] = found.rows;
  if (proof === undefined)
    return { seconds: null, known: "unknown: no verification of everything yet" };
  return { seconds: proof.seconds, known: `measured in verification ${proof.id}` };
}

async function embeddingTime(db: Queryable): Promise<Time> {
  const { items, forecast } = await embeddingProgress(db);
  if (items.open === 0) return { seconds: 0, known: "none are left to be made" };
  if (forecast.seconds === null)
    return { seconds: null, known: "unknown: no embedder has told its quota" };
  return {
    seconds: forecast.seconds,
    known: `estimated from the quota: ${items.open} content rows are left`,
  };
}

/** A delta that took backups has their time in its own. */
async function backupTime(
  { deps: { target }, cutover }: Walk,
  runs: readonly WholeRun[],
): Promise<Time> {
  if (cutover.asked.withoutBackup) return { seconds: 0, known: "none of ours is asked for" };
  if (!(await backupsAreTaken(target)))
    return { seconds: 0, known: "extractors take none (BACKUP=off)" };
  const within = runs.find(({ mode }) => mode === "delta") ?? runs[0];
  if (within?.backup === true) return { seconds: 0, known: `in the time of run ${within.id}` };
  const found = await target.query<{ id: number; seconds: number }>(
    `select run_id as id, (sum(duration_ms) / 1000.0)::float8 as seconds from migration.backups
     where status = 'done' group by run_id order by run_id desc limit 1`,
  );
  const [taken] = found.rows;
  if (taken === undefined) return { seconds: null, known: "unknown: no backup was taken yet" };
  return { seconds: 2 * taken.seconds, known: `measured in run ${taken.id}, for two deltas` };
}
