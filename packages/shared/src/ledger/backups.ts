/** Backups: what is dumped of an entity's tables before a run first writes to them. One extractor at a time takes one, and renews its claim. */
import type { Queryable } from "../database/pool.ts";
import type { backups, Columns, runEntities } from "../tables/index.ts";
import { markBlocked, parentsSettledIn } from "./entity-lifecycle.ts";
import { GONE_SECONDS } from "./heartbeats.ts";

/** A backup, as who takes it holds it. */
export interface HeldBackup {
  readonly runId: number;
  readonly entity: string;
  readonly claim: number;
  /** When it was begun, by the target's clock: 20261129T184500Z. Part of the file's name. */
  readonly begun: string;
}

/** What was stored. */
export interface StoredBackup {
  readonly keptBy: "folder" | "command";
  /** The machine that has the folder, or ran the command. */
  readonly host: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly durationMs: number;
  /** `server_version` of PostgreSQL. */
  readonly serverVersion: string;
}

/** Another process has the backup by now, or the run is over. */
class BackupLost extends Error {
  override readonly name = "BackupLost";
  readonly code = "backup_lost";
}

/** Has a run back up each entity before its first write. In the transaction that begins it. */
export async function wantBackups(tx: Queryable, runId: number): Promise<void> {
  await tx.query(`update migration.runs set backup = true where id = $1`, [runId]);
}

/** Whether there is an extractor that takes backups: then a run that another one begins takes them, too. */
export async function backupsAreTaken(db: Queryable): Promise<boolean> {
  const found = await db.query(
    `select from migration.heartbeats
     where takes_backups and seen_at > now() - ${GONE_SECONDS} * interval '1 s' limit 1`,
  );
  return found.rowCount === 1;
}

type Waiting = Columns<typeof runEntities, { runId: "run_id"; entity: "entity" }>;

/** Entities of the running run that are planned, and whose backup nobody takes at the moment, in the order of the catalog. */
export async function entitiesToBackUp(db: Queryable): Promise<Waiting[]> {
  const found = await db.query<Waiting>(
    `select e.run_id as "runId", e.entity from migration.runs r
     join migration.run_entities e on e.run_id = r.id and e.status = 'planned'
     left join migration.backups b on b.run_id = e.run_id and b.entity = e.entity
     where r.status = 'running' and r.backup
       and (b.run_id is null or (b.status = 'open' and b.claimed_until < now() and b.available_at <= now()))
     order by e.position`,
  );
  return found.rows;
}

/** Seconds that a claim lasts; whoever holds it renews it more often. */
const CLAIM_S = 20;
const CLAIM = `now() + ${CLAIM_S} * interval '1 second'`;

/** Takes the backup of a planned entity whose parents are settled, if nobody holds it. */
export async function claimBackup(
  db: Queryable,
  { runId, entity }: Waiting,
  parents: readonly string[],
  tables: readonly string[],
): Promise<HeldBackup | undefined> {
  const claimed = await db.query<Pick<HeldBackup, "claim" | "begun">>(
    `insert into migration.backups as b (run_id, entity, tables, claimed_until)
     select e.run_id, e.entity, $4::text, ${CLAIM} from migration.run_entities e
     join migration.runs r on r.id = e.run_id and r.status = 'running'
     where e.run_id = $1 and e.entity = $2 and e.status = 'planned' and ${parentsSettledIn("$1", "$3::text[]")}
     on conflict (run_id, entity) do update set claim = b.claim + 1, tables = excluded.tables,
       claimed_until = excluded.claimed_until, started_at = now()
       where b.status = 'open' and b.claimed_until < now() and b.available_at <= now()
     returning claim, to_char(started_at at time zone 'UTC', 'YYYYMMDD"T"HH24MISS"Z"') as begun`,
    [runId, entity, parents, tables.join(",")],
  );
  const [row] = claimed.rows;
  return row && { runId, entity, ...row };
}

/** Renews the claim. False: another process has it by now, or the run is over. */
export async function renewBackup(db: Queryable, held: HeldBackup): Promise<boolean> {
  const renewed = await db.query(
    `update migration.backups b set claimed_until = ${CLAIM} from migration.runs r
     where b.run_id = $1 and b.entity = $2 and b.claim = $3 and b.status = 'open'
       and r.id = b.run_id and r.status in ('running', 'paused')`,
    [held.runId, held.entity, held.claim],
  );
  return renewed.rowCount === 1;
}

/** Gives the claim back at once: another extractor may begin anew. */
export async function yieldBackup(db: Queryable, held: HeldBackup): Promise<void> {
  await db.query(
    `update migration.backups set claimed_until = '-infinity'
     where run_id = $1 and entity = $2 and claim = $3 and status = 'open'`,
    [held.runId, held.entity, held.claim],
  );
}

/** The backup is there: its entity may be opened. Throws where it is not ours any more; whoever calls it then keeps nothing. */
export async function finishBackup(
  tx: Queryable,
  held: HeldBackup,
  { keptBy, host, file, bytes, sha256, durationMs, serverVersion }: StoredBackup,
): Promise<void> {
  const finished = await tx.query(
    `update migration.backups set status = 'done', claimed_until = '-infinity', finished_at = now(), error_code = null,
       kept_by = $4, host = $5, file = $6, bytes = $7, sha256 = $8, duration_ms = $9, server_version = $10
     where run_id = $1 and entity = $2 and claim = $3 and status = 'open'`,
    [
      held.runId,
      held.entity,
      held.claim,
      keptBy,
      host,
      file,
      bytes,
      sha256,
      Math.round(durationMs),
      serverVersion,
    ],
  );
  if (finished.rowCount !== 1) throw new BackupLost("the backup is somebody else's by now");
}

/** Seconds until a failed backup is tried again: doubled each time, up to five minutes. */
const AGAIN_S = `least(300, 10 * 2 ^ least(b.failures, 10))`;

/** So often a backup may fail before its entity is blocked: for two minutes and a half, and as long as the tries take. */
export const BACKUP_TRIES = 5;

/** Why a backup failed. What is nobody's fault does not count as one of its tries. */
export interface FailedTry {
  readonly code: string;
  readonly counts: boolean;
}

/**
 * The backup failed: its entity stays closed, with the code as its reason, until a later try is done. With the last try it is blocked.
 * Returns whether it is tried again. Locks the entity before its backup, as control operations do.
 */
export async function failBackup(
  tx: Queryable,
  { runId, entity, claim }: HeldBackup,
  { code, counts }: FailedTry,
): Promise<boolean> {
  await tx.query(
    `select from migration.run_entities where run_id = $1 and entity = $2 for no key update`,
    [runId, entity],
  );
  const failed = await tx.query<{ again: boolean }>(
    `update migration.backups b set claimed_until = '-infinity', error_code = $4, failures = failures + $5,
       available_at = now() + ${AGAIN_S} * interval '1 second',
       status = case when failures + $5 < ${BACKUP_TRIES} then 'open' else 'given_up' end
     where run_id = $1 and entity = $2 and claim = $3 and status = 'open' returning status = 'open' as again`,
    [runId, entity, claim, code, counts ? 1 : 0],
  );
  const [{ again } = { again: true }] = failed.rows;
  if (failed.rowCount !== 1) return again;
  if (!again) await markBlocked(tx, runId, entity, code);
  else
    await tx.query(
      `update migration.run_entities set error_code = $3 where run_id = $1 and entity = $2 and status = 'planned'`,
      [runId, entity, code],
    );
  return again;
}

/** A backup, as people see it. Instants are ISO 8601. */
export interface Backup {
  readonly runId: number;
  readonly entity: string;
  /** `failed`: it is tried again, unless its entity is blocked by now. `waived`: its entity is written without. */
  readonly status: "running" | "waiting" | "failed" | "done" | "waived";
  readonly tables: readonly string[];
  readonly keptBy: "folder" | "command" | null;
  readonly host: string | null;
  readonly file: string | null;
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly durationMs: number | null;
  readonly serverVersion: string | null;
  readonly errorCode: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

type BackupRow = Columns<
  typeof backups,
  {
    runId: "run_id";
    entity: "entity";
    tables: "tables";
    keptBy: "kept_by";
    host: "host";
    file: "file";
    bytes: "bytes";
    sha256: "sha256";
    durationMs: "duration_ms";
    serverVersion: "server_version";
    errorCode: "error_code";
    startedAt: "started_at";
    finishedAt: "finished_at";
  }
> &
  Pick<Backup, "status">;

/** Backups of one run, or of the newest `limit` runs that have any; in the order in which they were begun. */
export async function listBackups(
  db: Queryable,
  which: { readonly runId: number } | { readonly limit: number },
): Promise<Backup[]> {
  const [condition, value] =
    "runId" in which
      ? ["b.run_id = $1", which.runId]
      : [
          "b.run_id in (select distinct run_id from migration.backups order by run_id desc limit $1)",
          which.limit,
        ];
  const found = await db.query<BackupRow>(
    `select b.run_id as "runId", b.entity, b.tables, b.kept_by as "keptBy", b.host, b.file, b.bytes, b.sha256,
       b.duration_ms as "durationMs", b.server_version as "serverVersion", b.error_code as "errorCode",
       case when b.status in ('done', 'waived') then b.status when b.claimed_until > now() then 'running'
            when b.error_code is not null then 'failed' else 'waiting' end as status,
       to_json(b.started_at) #>> '{}' as "startedAt", to_json(b.finished_at) #>> '{}' as "finishedAt"
     from migration.backups b where ${condition} order by b.run_id, b.started_at, b.entity`,
    [value],
  );
  return found.rows.map((row) => ({ ...row, tables: row.tables.split(",") }));
}
