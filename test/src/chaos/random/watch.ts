/** What can be seen of a run from outside: how far it is, and what it says of what holds it up. */
import { entities } from "@nexus/catalog";
import { stallInWords } from "@nexus/contract";
import type { Pool } from "@nexus/shared/database";
import { currentHolds, findStall } from "@nexus/shared/ledger";

export interface Sight {
  readonly status: string;
  /** Batches that are done, of those that are planned so far. */
  readonly done: number;
  readonly total: number;
  /** The status of each entity. */
  readonly entities: Readonly<Record<string, string>>;
  /** What holds it up, in the words of the ledger: `source 28000`, `cases 55P03`, `batch of cases 53100`, `stall: …`. Sorted. */
  readonly said: readonly string[];
}

/** Seconds without progress after which the ledger is asked for a stall: the product itself waits longer before it says so. */
const STALL_SECONDS = 3;

interface Seen {
  readonly status: string;
  readonly done: number;
  readonly total: number;
  /** Each with its status and a blank between them; commas between entities. */
  readonly entities: string;
  /** Commas between them. */
  readonly codes: string;
}

/** Looks at a run. */
export async function see(db: Pool, runId: number): Promise<Sight> {
  const { rows } = await db.query<Seen>(SIGHT, [runId]);
  const [seen] = rows;
  if (seen === undefined) throw new Error(`there is no run ${runId}`);
  const holds = await currentHolds(db);
  const stall = await findStall(db, runId, entities, STALL_SECONDS);
  const said = [
    ...(seen.status === "paused" ? ["paused"] : []),
    ...holds.map(({ server, code }) => `${server} ${code}`),
    ...seen.codes.split(",").filter(Boolean),
    ...(stall === undefined
      ? []
      : [`stall: ${stallInWords(stall).replace(/\d+ (s|min)\b/g, "a while")}`]),
  ];
  const statuses = Object.fromEntries(seen.entities.split(",").map((one) => one.split(" ")));
  return {
    status: seen.status,
    done: seen.done,
    total: seen.total,
    entities: statuses,
    said: said.sort(),
  };
}

const SIGHT = `
  select r.status, b.done, b.total, e.entities, concat_ws(',', e.codes, b.codes) as codes
  from migration.runs r
  cross join lateral (
    select string_agg(entity || ' ' || status, ',' order by position) as entities,
      string_agg(distinct entity || ' ' || error_code, ',') as codes
    from migration.run_entities where run_id = r.id) e
  cross join lateral (
    select count(*) filter (where status = 'done') as done, count(*) as total,
      string_agg(distinct format('%s batch of %s %s', status, entity, error_code), ',')
        filter (where error_code is not null and status <> 'done') as codes
    from migration.batches where run_id = r.id) b
  where r.id = $1`;

/** Whether nothing of it moves any more before somebody acts: something is blocked. */
export function isBlocked({ entities: statuses }: Sight): boolean {
  return Object.values(statuses).includes("blocked");
}
