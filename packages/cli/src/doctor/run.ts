import { batchCodeInWords, exhaustedInWords } from "@nexus/contract";
import { type Pool, type Queryable, readOnly } from "@nexus/shared/database";
import { exhaustedBatches, TOO_MANY_GONE, TOO_MANY_LOSSES } from "@nexus/shared/ledger";
import { blocked, type RunStatus } from "@nexus/shared/states";
import type { auditLog, Columns, runEntities, runs } from "@nexus/shared/tables";
import { examineStall } from "./stall.ts";
import { type Finding, note, well, wrong } from "./finding.ts";

const STATEMENT_MS = 10_000;

interface Run {
  readonly id: number;
  readonly status: RunStatus;
  readonly errorCode: string | null;
  /** Who changed it last, and why. */
  readonly actor: string | null;
  readonly reason: string | null;
}

/** The active run, or the newest: does it move, and if not, who must do what? */
export async function examineRun(target: Pool): Promise<Finding[]> {
  return await readOnly(target, examineNewest, { statementMs: STATEMENT_MS });
}

async function examineNewest(tx: Queryable): Promise<Finding[]> {
  const run = await newestRun(tx);
  if (run === undefined) return [note("run", "no_run", "no run was started yet", "nexus start")];
  const moves = run.status === "planned" || run.status === "running";
  return [
    STATES[run.status](run),
    ...(moves ? await examineStall(tx, run.id) : []),
    ...(moves || run.status === "paused" ? await blockedEntities(tx, run.id) : []),
  ];
}

type RunRow = Columns<typeof runs, { id: "id"; status: "status"; errorCode: "error_code" }> &
  // Null where no operator has changed it.
  { [Name in "actor" | "reason"]: (typeof auditLog.$inferSelect)[Name] | null };

async function newestRun(tx: Queryable): Promise<Run | undefined> {
  const { rows } = await tx.query<RunRow>(
    `select r.id, r.status, r.error_code as "errorCode", a.actor, a.reason
     from migration.runs r
     left join lateral (select actor, reason from migration.audit_log where run_id = r.id and action <> 'requeue' order by id desc limit 1) a on true
     order by r.id desc limit 1`,
  );
  return rows[0];
}

const STATES: Readonly<Record<RunStatus, (run: Run) => Finding>> = {
  planned: isWell,
  running: isWell,
  completed: isWell,
  paused: ({ id, actor, reason }) => {
    const by = actor === null ? "" : `: ${actor} did that${reason === null ? "" : ` (${reason})`}`;
    return wrong("run", "run_paused", `run ${id} is paused${by}`, `nexus resume ${id}`);
  },
  failed: ({ id, errorCode }) => {
    const says = `run ${id} failed before it began: ${errorCode ?? "no code"}`;
    return wrong(
      "run",
      "run_failed",
      says,
      "nexus preflight says what the source lacks; then nexus start",
    );
  },
  cancelled: ({ id }) =>
    note(
      "run",
      "run_cancelled",
      `run ${id} was cancelled; what it had loaded stays`,
      "nexus start",
    ),
  rolled_back: isWell,
};

function isWell({ id, status }: Run): Finding {
  return well("run", `run ${id} is ${status}`);
}

interface Blocked {
  readonly entity: string;
  readonly errorCode: string | null;
  /** Most of the rows that it lost for reasons that nobody foresaw: reason and column. */
  readonly losses: string | null;
  readonly failures: string | null;
  readonly checks: string | null;
  /** Separated by commas. */
  readonly codes: string | null;
  /** Why its backup was given up. */
  readonly backup: string | null;
}

type BlockedRow = Columns<typeof runEntities, { entity: "entity"; errorCode: "error_code" }>;

async function blockedEntities(tx: Queryable, runId: number): Promise<Finding[]> {
  const { rows } = await tx.query<BlockedRow & Omit<Blocked, keyof BlockedRow>>(
    `with failed as (
       select entity, coalesce(error_code, 'no code') as code, count(*) as count from migration.batches
       where run_id = $1 and status = 'failed' group by 1, 2)
     select e.entity, e.error_code as "errorCode", concat_ws(' in ', e.loss_reason, e.loss_column) as losses,
       (select string_agg(format('%s with %s', f.count, f.code), ', ' order by f.count desc) from failed f where f.entity = e.entity) as failures,
       (select string_agg(format('%s (expected %s, found %s)', v.name, v.expected, v.actual), ', ' order by v.name)
        from migration.validations v where v.run_id = e.run_id and v.entity = e.entity and not v.passed) as checks,
       (select string_agg(f.code, ',' order by f.count desc) from failed f where f.entity = e.entity) as codes,
       (select coalesce(d.error_code, 'no code') from migration.backups d
        where d.run_id = e.run_id and d.entity = e.entity and d.status = 'given_up') as backup
     from migration.run_entities e
     where e.run_id = $1 and (${blocked("e")} or (not e.waived and exists (select from failed f where f.entity = e.entity)))
     order by e.position`,
    [runId],
  );
  const exhausted = await exhaustedBatches(tx, runId);
  return rows.map(({ entity, errorCode, losses, failures, checks, codes, backup }) => {
    if (backup !== null) return unsaved(entity, backup);
    const named = exhausted.filter((batch) => batch.entity === entity).map(exhaustedInWords);
    const meanings = (codes ?? "").split(",").map((code) => `${code}: ${batchCodeInWords(code)}`);
    const cause =
      failures === null
        ? `its check did not pass: ${checks ?? errorCode ?? "no code"}${losses ? `, most of them ${losses}` : ""}`
        : `failed batches: ${failures} (${[...meanings, ...named].join("; ")})`;
    const scope = errorCode === TOO_MANY_LOSSES ? " --scope rejected" : "";
    const next = `mend the cause, then nexus requeue ${entity}${scope} --reason …; ${limitOf(entity, errorCode)}or nexus waive ${entity} --reason …`;
    return wrong(
      "run",
      "entity_blocked",
      `${entity} is blocked, and its children wait; ${cause}`,
      next,
    );
  });
}

/** Nothing of it was written: its backup failed too often. */
function unsaved(entity: string, code: string): Finding {
  return wrong(
    "run",
    "entity_blocked",
    `${entity} is blocked, and its children wait; its backup failed with ${code} (${batchCodeInWords(code)})`,
    `mend the cause, then nexus requeue ${entity}; or nexus waive ${entity} --without-backup --reason …`,
  );
}

/** How an entity that stopped at a limit is told to go on. */
function limitOf(entity: string, errorCode: string | null): string {
  if (errorCode === TOO_MANY_LOSSES)
    return `or nexus limit ${entity} --loss-percent … --reason …; `;
  if (errorCode === TOO_MANY_GONE)
    return `or, if they are gone, nexus limit ${entity} --gone-percent 100 --reason …; `;
  return "";
}
