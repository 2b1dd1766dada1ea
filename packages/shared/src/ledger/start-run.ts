/** Starting a run: of all entities, of some, or of one. */
import type { Pool, Queryable } from "../database/pool.ts";
import { sessionsReplicate } from "../database/replication-role.ts";
import { inTransaction } from "../database/transaction.ts";
import { failpoint } from "../runtime/failpoint.ts";
import { lockStarts } from "./adoptions.ts";
import { type By, recordAudit } from "./audit.ts";
import { type Busy, busyWith, CONTROL_BOUNDS, type CutOver, cutOver } from "./busy.ts";
import { decideStrangers, type Undecided } from "./decide-strangers.ts";
import type { Selection } from "./entity-lifecycle.ts";
import type { Order } from "./order.ts";
import { createRun } from "./run-lifecycle.ts";

export type Started = {
  readonly kind: "started";
  readonly runId: number;
  readonly entities: readonly string[];
};

/** Why none was created: nothing was changed. */
export type StartRefusal =
  | Busy
  | CutOver
  | Undecided
  | UnknownEntity
  /** Extractors and loaders would refuse to do it. */
  | { readonly kind: "target_unfit"; readonly problem: string }
  | { readonly kind: "nothing_selected" };

interface UnknownEntity {
  readonly kind: "unknown_entity";
  readonly unknown: readonly string[];
  readonly known: readonly string[];
}

/** Creates a run, which an extractor will begin. `catalog`: the names of all entities, parents first. */
export async function startRun(
  target: Pool,
  order: Order,
  by: By,
  catalog: readonly string[],
): Promise<Started | StartRefusal> {
  return await inTransaction(target, (tx) => startRunIn(tx, order, by, catalog), CONTROL_BOUNDS);
}

/** The same in a transaction of its caller. */
export async function startRunIn(
  tx: Queryable,
  order: Order,
  by: By,
  catalog: readonly string[],
): Promise<Started | StartRefusal> {
  const refusal = unknownAmong([...(order.entities ?? []), ...(order.skip ?? [])], catalog);
  if (refusal !== undefined) return refusal;
  const selections = select(order, catalog);
  const entities = selections.filter((one) => !one.skip).map((one) => one.entity);
  if (entities.length === 0) return { kind: "nothing_selected" };
  const problem = await sessionsReplicate(tx);
  if (problem !== undefined) return { kind: "target_unfit", problem };
  await lockStarts(tx);
  const decided = await decideStrangers(tx, entities, order.leaveStrangers, by);
  if (decided.kind === "strangers") return (await busyWith(tx, order.cutover)) ?? decided;
  const runId = await createRun(tx, selections, order);
  if (runId === undefined) return await alreadyActive(tx, order.cutover);
  await decided.leave(runId);
  await recordAudit(tx, by, { action: "start", runId, details: startDetails(entities, order) });
  failpoint("api.started");
  return { kind: "started", runId, entities };
}

function startDetails(
  entities: readonly string[],
  { skip = [], lossPercent, mode = "full", cutover, afterCutover }: Order,
): Readonly<Record<string, unknown>> {
  return {
    entities,
    skip,
    ...(mode === "full" ? {} : { mode }),
    ...(lossPercent === undefined ? {} : { lossPercent }),
    ...(cutover === undefined ? {} : { cutover }),
    ...(afterCutover === true ? { afterCutover } : {}),
  };
}

/** Creates a run of one entity. */
export async function startEntity(
  target: Pool,
  entity: string,
  options: Pick<
    Order,
    "embeddings" | "dify" | "accounts" | "codes" | "lossPercent" | "leaveStrangers"
  >,
  by: By,
  catalog: readonly string[],
): Promise<Started | StartRefusal> {
  return await startRun(target, { ...options, entities: [entity] }, by, catalog);
}

/** The refusal that names the active run, or what else is under way. One that ended this very moment is as good as active: the caller tries again. */
export async function alreadyActive(tx: Queryable, own?: number): Promise<Busy | CutOver> {
  const refusal = (await busyWith(tx, own)) ?? (await cutOver(tx));
  return refusal ?? { kind: "run_active", runId: await newestRun(tx) };
}

function select({ entities, skip }: Order, catalog: readonly string[]): Selection[] {
  return catalog
    .map((entity, position) => ({ entity, position, skip: skip?.includes(entity) ?? false }))
    .filter((one) => one.skip || entities === undefined || entities.includes(one.entity));
}

async function newestRun(tx: Queryable): Promise<number> {
  const found = await tx.query<{ id: number | null }>("select max(id) as id from migration.runs");
  const [newest] = found.rows;
  return newest?.id ?? 0;
}

/** The refusal of names that are not in the catalog, if there are any. */
export function unknownAmong(
  names: readonly string[],
  known: readonly string[],
): UnknownEntity | undefined {
  const unknown = names.filter((name) => !known.includes(name));
  return unknown.length === 0 ? undefined : { kind: "unknown_entity", unknown, known };
}
