/** Starting a run: of all entities, of some, or of one. */
import { inTransaction, type Pool, type Queryable } from "@nexus/shared/database";
import { type By, createRun, lockStarts, recordAudit, type Selection } from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import { max, query, read, runs } from "@nexus/shared/tables";
import { decideStrangers } from "./decide-strangers.ts";
import { busyWith, CONTROL_BOUNDS } from "./locks.ts";
import { type Refusal, unknownAmong } from "./refusals.ts";

/** What a run shall move. */
export interface Order {
  /** Default: all of the catalog. An entity that is not selected has no part in the run, and its children find their parents in the target. */
  readonly entities?: readonly string[] | undefined;
  /** Entities whose rows are left out and counted as excluded. Stronger than `entities`. */
  readonly skip?: readonly string[] | undefined;
  /** Whether changed content is offered to the embedder. */
  readonly embeddings: boolean;
  /** Whether changed content is offered to Dify. Default: it is not. */
  readonly dify?: boolean | undefined;
  /** Overrides of the catalog's codes, as JSON text: kept with the run, so that all loaders map alike. */
  readonly codes: string;
  /** Percent of its rows that an entity may lose for reasons that nobody foresaw. */
  readonly lossPercent?: number | undefined;
  /** Why rows of the target without a legacy key may stay. Without it the run is refused while somebody has to decide about some. */
  readonly leaveStrangers?: string | undefined;
}

export type Started = {
  readonly kind: "started";
  readonly runId: number;
  readonly entities: readonly string[];
};

/** Creates a run, which an extractor will begin. `catalog`: the names of all entities, parents first. */
export async function startRun(
  target: Pool,
  order: Order,
  by: By,
  catalog: readonly string[],
): Promise<Started | Refusal> {
  const refusal = unknownAmong([...(order.entities ?? []), ...(order.skip ?? [])], catalog);
  if (refusal !== undefined) return refusal;
  const selections = select(order, catalog);
  const entities = selections.filter((one) => !one.skip).map((one) => one.entity);
  if (entities.length === 0) return { kind: "nothing_selected" };
  return await inTransaction(
    target,
    async (tx) => {
      await lockStarts(tx);
      const decided = await decideStrangers(tx, entities, order.leaveStrangers, by);
      if (decided.kind === "strangers") return (await busyWith(tx)) ?? decided;
      const runId = await createRun(tx, selections, order);
      if (runId === undefined) return await alreadyActive(tx);
      await decided.leave(runId);
      await recordAudit(tx, by, { action: "start", runId, details: startDetails(entities, order) });
      failpoint("api.started");
      return { kind: "started", runId, entities };
    },
    CONTROL_BOUNDS,
  );
}

function startDetails(
  entities: readonly string[],
  { skip = [], lossPercent }: Order,
): Readonly<Record<string, unknown>> {
  return { entities, skip, ...(lossPercent === undefined ? {} : { lossPercent }) };
}

/** Creates a run of one entity. */
export async function startEntity(
  target: Pool,
  entity: string,
  options: Pick<Order, "embeddings" | "dify" | "codes" | "lossPercent" | "leaveStrangers">,
  by: By,
  catalog: readonly string[],
): Promise<Started | Refusal> {
  return await startRun(target, { ...options, entities: [entity] }, by, catalog);
}

/** The refusal that names the active run, or the adoption. One that ended this very moment is as good as active: the caller tries again. */
export async function alreadyActive(tx: Queryable): Promise<Refusal> {
  return (await busyWith(tx)) ?? { kind: "run_active", runId: await newestRun(tx) };
}

function select({ entities, skip }: Order, catalog: readonly string[]): Selection[] {
  return catalog
    .map((entity, position) => ({ entity, position, skip: skip?.includes(entity) ?? false }))
    .filter((one) => one.skip || entities === undefined || entities.includes(one.entity));
}

async function newestRun(tx: Queryable): Promise<number> {
  const [newest] = await read(tx, query.select({ id: max(runs.id) }).from(runs));
  return newest?.id ?? 0;
}
