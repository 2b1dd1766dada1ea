/** Asking for a rollback: an extractor does it, and no run starts before it is done. */
import { entities as catalogued } from "@nexus/catalog";
import { inTransaction, type Pool, type Queryable } from "@nexus/shared/database";
import {
  busyWith,
  type By,
  CONTROL_BOUNDS,
  createRollback,
  cutOver,
  lockStarts,
  openProof,
  recordAudit,
  type Rollback,
  unknownAmong,
} from "@nexus/shared/ledger";
import { before, runArrows, type RunStatus } from "@nexus/shared/states";
import { and, eq, gt, isNull, max, ne, query, read, runs, sql, undo } from "@nexus/shared/tables";
import { statusOf } from "./control.ts";
import type { Refusal } from "./refusals.ts";

const ACTIONS = { plan: "plan_rollback", rollback: "rollback" } as const;

/** Refused while something else writes or compares the target, and unless the run is the newest that has written, and has kept what it changed. */
export async function askRollback(
  target: Pool,
  asked: Pick<Rollback, "runId" | "kind" | "entities">,
  by: By,
  catalog: readonly string[],
): Promise<{ kind: "asked"; id: number } | Refusal> {
  const unknown = unknownAmong(asked.entities ?? [], catalog);
  if (unknown !== undefined) return unknown;
  return await inTransaction(
    target,
    async (tx) => {
      await lockStarts(tx);
      const refusal = (await busyWith(tx)) ?? (await refusalOf(tx, asked));
      if (refusal !== undefined) return refusal;
      const id = await createRollback(tx, asked, by);
      const { runId, kind, entities } = asked;
      const details = { rollback: id, entities };
      await recordAudit(tx, by, { action: ACTIONS[kind], runId, details });
      return { kind: "asked", id };
    },
    CONTROL_BOUNDS,
  );
}

async function refusalOf(
  tx: Queryable,
  { runId, kind, entities }: Pick<Rollback, "runId" | "kind" | "entities">,
): Promise<Refusal | undefined> {
  const proof = await openProof(tx);
  if (proof !== undefined) return { kind: "proof_open", proofId: proof.id };
  const over = kind === "plan" ? undefined : await cutOver(tx);
  if (over !== undefined) return over;
  const { status, undo: kept } = runs;
  const isIt = eq(runs.id, runId);
  const [run] = await read(tx, query.select({ status, undo: kept }).from(runs).where(isIt));
  if (run === undefined) return { kind: "no_such_run", runId };
  const possibleIn: readonly RunStatus[] = before(runArrows, "rolled_back");
  if (!possibleIn.includes(run.status))
    return { kind: "wrong_status", runId, runStatus: run.status, possibleIn };
  if (run.undo !== "kept") return { kind: "undo_not_kept", runId, undo: run.undo };
  return (await newerRun(tx, runId)) ?? (await refusalOfSome(tx, runId, kind, entities ?? []));
}

/** A plan only counts: what would be left is part of it. */
async function refusalOfSome(
  tx: Queryable,
  runId: number,
  kind: Rollback["kind"],
  some: readonly string[],
): Promise<Refusal | undefined> {
  const stranger = await strangerAmong(tx, runId, some);
  return stranger ?? (kind === "plan" ? undefined : await childrenOf(tx, runId, some));
}

/** Rows that a newer run has written are not what this one left: the newest is taken back first. */
async function newerRun(tx: Queryable, runId: number): Promise<Refusal | undefined> {
  const hasWritten = and(
    gt(runs.id, runId),
    sql`${runs.started_at} is not null`,
    ne(runs.status, "rolled_back"),
  );
  const [row] = await read(
    tx,
    query
      .select({ newer: max(runs.id) })
      .from(runs)
      .where(hasWritten),
  );
  const newer = row?.newer ?? null;
  return newer === null ? undefined : { kind: "newer_run", runId, newer };
}

/**
 * Rows that the run inserted stay where rows refer to them, and no later rollback of the run looks at them again. So those of its own
 * children go first, or with them.
 */
async function childrenOf(
  tx: Queryable,
  runId: number,
  asked: readonly string[],
): Promise<Refusal | undefined> {
  const { entity, inserted, run_id, undone_at } = undo;
  const inserts = sql<boolean>`bool_or(cardinality(${inserted}) > 0)`;
  const written = await read(
    tx,
    query
      .select({ entity, inserts })
      .from(undo)
      .where(and(eq(run_id, runId), isNull(undone_at)))
      .groupBy(entity),
  );
  const parents = written.filter((one) => one.inserts).flatMap((one) => one.entity ?? []);
  const children = written.flatMap(({ entity: name }) => {
    const known = catalogued.find((one) => one.name === name)?.parents ?? {};
    const depends = asked.some((one) => parents.includes(one) && Object.hasOwn(known, one));
    return name !== null && depends && !asked.includes(name) ? [name] : [];
  });
  return children.length === 0 ? undefined : { kind: "children_remain", runId, children };
}

/** The refusal of an entity that has no part in the run. */
async function strangerAmong(
  tx: Queryable,
  runId: number,
  entities: readonly string[],
): Promise<Refusal | undefined> {
  for (const entity of entities)
    if ((await statusOf(tx, runId, entity)) === undefined)
      return { kind: "not_in_run", runId, entity, entityStatus: null };
  return undefined;
}
