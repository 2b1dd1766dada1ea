/** What must hold of an entity before it is closed, and what is said of it. */
import type { Entity } from "@nexus/catalog";
import { type Client, type Queryable, together } from "@nexus/shared/database";
import {
  bringBack,
  type Check,
  countStrangers,
  type Run,
  TOO_MANY_GONE,
  TOO_MANY_LOSSES,
} from "@nexus/shared/ledger";
import { goneCount, goneIsTolerable } from "./gone/gone-rows.ts";
import type { OverLimit } from "./over-limit.ts";
import { countRows, type Sums } from "./sums.ts";

/** An entity's table, as it is when the entity is closed. */
export interface Table {
  readonly analysed: boolean;
  /** Rows with a legacy key, and without one. */
  readonly keyed: number;
  readonly strangers: number;
  /** Constraints that are not validated, and triggers (foreign keys are triggers) that are switched off. */
  readonly unenforced: number;
  /** Rows that share an e-mail address; undefined where there is none. */
  readonly sharingAnEmail: number | undefined;
  /** Rows that would be shown to people of another practice than their case is. */
  readonly apart: number | undefined;
  /** Rows that are gone from the source, as this run found them. */
  readonly gone: number;
}

/** Reads all of it at once. */
export async function readTable(tx: Queryable, run: Run, entity: Entity): Promise<Table> {
  const { table } = entity.target;
  const [analysed, keyed, unenforced, sharingAnEmail, apart, gone, strangers] = await together([
    isAnalysed(tx, table),
    countRows(tx, entity),
    countUnenforced(tx, table),
    entity.target.columns["email"] === undefined ? undefined : countSharing(tx, table),
    entity.followsCase === true ? countApart(tx, table) : undefined,
    goneCount(tx, run.id, entity.name),
    countStrangers(tx, [entity]),
  ]);
  const rows = strangers[0]?.rows ?? 0;
  return { analysed, keyed, strangers: rows, unenforced, sharingAnEmail, apart, gone };
}

/** Comes first: it says what the entity is blocked for. */
export function lossChecks(losses: OverLimit | undefined): Check[] {
  if (losses === undefined) return [];
  return [{ name: TOO_MANY_LOSSES, passed: false, expected: losses.limit, actual: losses.lost }];
}

/** Nothing failed; every row read has one outcome; every exception is on record; what was loaded is there; constraints are on. */
export async function checksOf(
  tx: Client,
  entity: Entity,
  sums: Sums,
  { keyed, unenforced, sharingAnEmail, apart }: Table,
): Promise<Check[]> {
  const fact = { name: "rows_sharing_an_email", passed: true, expected: null };
  return [
    equal("no_failed_batch", 0, sums.failed),
    equal("sum_closes", sums.read, sums.loaded + sums.rejected + sums.parked),
    equal("exceptions_on_record", sums.rejected + sums.parked, sums.exceptions),
    {
      name: "loaded_rows_found",
      passed: keyed >= sums.loaded,
      expected: sums.loaded,
      actual: keyed,
    },
    equal("constraints_enforced", 0, unenforced),
    ...(sharingAnEmail === undefined ? [] : [{ ...fact, actual: sharingAnEmail }]),
    ...(apart === undefined
      ? []
      : [equal("rows_apart_from_their_case", 0, await leftApart(tx, entity, apart))]),
  ];
}

/** A fact to report; a reason to block where so many rows are gone that the source itself is to be doubted. */
export async function goneChecks(
  tx: Client,
  run: Run,
  entity: Entity,
  others: readonly Check[],
  { gone, keyed }: Table,
): Promise<Check[]> {
  if (others.some(({ passed }) => !passed)) return []; // It is blocked anyway, and nothing is believed yet.
  if (gone === 0) return [];
  const passed = await goneIsTolerable(tx, run.id, entity.name, keyed);
  return [{ name: TOO_MANY_GONE, passed, expected: null, actual: gone }];
}

function equal(name: string, expected: number, actual: number): Check {
  return { name, passed: expected === actual, expected, actual };
}

async function isAnalysed(tx: Queryable, table: string): Promise<boolean> {
  const found = await tx.query<{ never: boolean }>(
    `select reltuples < 0 as never from pg_class where oid = $1::regclass`,
    [`public.${table}`],
  );
  return found.rows[0]?.never === false;
}

async function countUnenforced(tx: Queryable, table: string): Promise<number> {
  const counted = await tx.query<{ count: number }>(
    `select (select count(*) from pg_constraint where conrelid = $1::regclass and not convalidated)
          + (select count(*) from pg_trigger where tgrelid = $1::regclass and tgenabled = 'D') as count`,
    [`public.${table}`],
  );
  return counted.rows[0]?.count ?? 0;
}

async function countSharing(tx: Queryable, table: string): Promise<number> {
  const counted = await tx.query<{ count: number }>(
    `select coalesce(sum(n), 0)::bigint as count
     from (select count(*) as n from public.${table} where email is not null group by email having count(*) > 1) shared`,
  );
  return counted.rows[0]?.count ?? 0;
}

async function countApart(tx: Queryable, table: string): Promise<number> {
  const counted = await tx.query<{ count: number }>(
    `select count(*) from public.${table} t join public.cases c on c.id = t.case_id
      where t.practice_id is distinct from c.practice_id`,
  );
  return counted.rows[0]?.count ?? 0;
}

/** Brings rows back to where their case is. Returns how many are apart nevertheless: none. */
async function leftApart(tx: Queryable, entity: Entity, apart: number): Promise<number> {
  if (apart === 0) return 0;
  await bringBack(tx, entity);
  return await countApart(tx, entity.target.table);
}
