/** One look at the ledger, for the steps of a tick. Whoever acts upon it looks again under the lock of what is acted upon, but for losses and holds. */
import { entities } from "@nexus/catalog";
import { type Pool, type Queryable, readAtOnce, together } from "@nexus/shared/database";
import { currentHolds, gateOpenIn, type Hold } from "@nexus/shared/ledger";
import { overLimit } from "./over-limit.ts";

/** What may be done with the entities of a run, each list in the order of the catalog. */
export interface Outlook {
  /** Their plan is complete, and their gate open. */
  readonly toOpen: readonly string[];
  /** They load, have lost no more than they may, and have a batch that may be offered now. */
  readonly toOffer: readonly string[];
  /** They settle, have nothing left to load, or have lost too much and nothing in flight. */
  readonly toSettle: readonly ToSettle[];
  readonly holds: readonly Hold[];
}

interface ToSettle {
  readonly entity: string;
  /** It settles already. */
  readonly begun: boolean;
  /** It has lost more than it may. */
  readonly over: boolean;
}

/** Entities that load or settle, and whether they have batches in these statuses; `due`: planned, and free to be offered. */
interface Moving {
  readonly entity: string;
  readonly settling: boolean;
  readonly queued: boolean;
  readonly planned: boolean;
  readonly due: boolean;
}

/** Looks around once, in one trip. */
export async function lookAround(target: Pool, runId: number): Promise<Outlook> {
  const [toOpen, moving, losing, holds] = await readAtOnce(target, (tx) =>
    together([
      entitiesToOpen(tx, runId),
      entitiesMoving(tx, runId),
      overLimit(tx, runId),
      currentHolds(tx),
    ]),
  );
  const over = new Set(losing.map(({ entity }) => entity));
  const offered = moving.filter(
    ({ entity, settling, due }) => !settling && due && !over.has(entity),
  );
  const left = moving.filter(
    ({ entity, settling, queued, planned }) =>
      settling || !(queued || (planned && !over.has(entity))),
  );
  return {
    toOpen,
    toOffer: offered.map(({ entity }) => entity),
    toSettle: left.map(({ entity, settling }) => ({
      entity,
      begun: settling,
      over: over.has(entity),
    })),
    holds,
  };
}

const PARENTS = JSON.stringify(
  Object.fromEntries(entities.map(({ name, parents }) => [name, Object.keys(parents)])),
);

async function entitiesToOpen(db: Queryable, runId: number): Promise<string[]> {
  const own = `array(select jsonb_array_elements_text($2::jsonb -> p.entity))`;
  const found = await db.query<{ entity: string }>(
    `select p.entity from migration.run_entities p
     where p.run_id = $1 and p.status = 'planned' and ${gateOpenIn("$1", "p.entity", own)} order by p.position`,
    [runId, PARENTS],
  );
  return found.rows.map(({ entity }) => entity);
}

/** Each condition by itself, so that none counts batches: the index of those that are planned or queued answers at its first entry. */
async function entitiesMoving(db: Queryable, runId: number): Promise<Moving[]> {
  const any = (condition: string) =>
    `exists (select from migration.batches b where b.run_id = e.run_id and b.entity = e.entity and ${condition})`;
  const found = await db.query<Moving>(
    `select e.entity, e.status = 'settling' as settling, ${any("b.status = 'queued'")} as queued,
       ${any("b.status = 'planned'")} as planned, ${any("b.status = 'planned' and b.available_at <= now()")} as due
     from migration.run_entities e
     where e.run_id = $1 and e.status in ('loading', 'settling') order by e.position`,
    [runId],
  );
  return found.rows;
}
