/** Forecast: what a run would do now, counted by the twins. Nothing is written but the account in the ledger. */
import type { Entity } from "@nexus/catalog";
import type { Queryable } from "@nexus/shared/database";
import { countStrangers, recordProved, stillHeld } from "@nexus/shared/ledger";
import { fateSql } from "./fate-sql.ts";
import { lookAtExpected, type Proving } from "./proving.ts";
import { rangesOf } from "./ranges.ts";
import type { Step } from "./select-entities.ts";

interface Tally {
  readonly outcomes: Record<string, number>;
  readonly fates: Record<string, number>;
  readonly reasons: Record<string, number>;
  readonly notes: Record<string, number>;
  /** Of the rows that are written, at most: with their entries in the indexes. */
  bytes: number;
}

/** Counts entity by entity, parents first. */
export async function forecast(proving: Proving, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    const { entity, position, isAsked } = step;
    // A run loads what no run has read yet.
    const status = step.status === "without_twin" ? "without_twin" : "proved";
    const { rows, tally } = status === "proved" ? await goThrough(proving, step) : NOTHING;
    if (!isAsked) continue;
    const [strangers] = await countStrangers(proving.target, [entity]);
    const counts = { ...tally, strangers: strangers?.rows ?? 0 };
    await recordProved(proving.target, proving.proof, {
      entity: entity.name,
      position,
      status,
      rows,
      counts,
      changedSince: 0,
    });
  }
}

const NOTHING = { rows: 0, tally: { outcomes: {}, fates: {}, reasons: {}, notes: {}, bytes: 0 } };

async function goThrough(
  { twins, ask, proof, signal, keepsKey }: Proving,
  { entity, isKept, isAsked }: Step,
): Promise<{ readonly rows: number; readonly tally: Tally }> {
  const tally: Tally = { outcomes: {}, fates: {}, reasons: {}, notes: {}, bytes: 0 };
  let rows = 0;
  for await (const range of rangesOf(ask, entity, null)) {
    signal.throwIfAborted();
    rows += await twins.expecting(entity, range, async (tx) => {
      const staged = await lookAtExpected(tx);
      if (isKept) await twins.keep(entity);
      if (isAsked) await count(tx, entity, tally, keepsKey(entity));
      await stillHeld(tx, proof);
      return staged;
    });
  }
  return { rows, tally };
}

/** Adds up a range. */
async function count(
  tx: Queryable,
  entity: Entity,
  tally: Tally,
  isKeyKept: boolean,
): Promise<void> {
  const found = await tx.query<{
    outcome: string;
    reason: string | null;
    fate: string | null;
    rows: number;
    bytes: number;
  }>(
    `select e.outcome, case when e.outcome = 'rejected' then e.reason end as reason, fate, count(*) as rows, sum(bytes)::bigint as bytes
     from (select e.outcome, e.reason, pg_column_size(e) + ${bytesBeside(entity)} as bytes, ${fateSql(entity, isKeyKept)}) e group by 1, 2, 3`,
  );
  for (const { outcome, reason, fate: what, rows, bytes } of found.rows) {
    add(tally.outcomes, outcome, rows);
    if (reason !== null) add(tally.reasons, reason, rows);
    if (what !== null) add(tally.fates, what, rows);
    if (what === "inserted" || what === "updated") tally.bytes += bytes;
  }
  const noted = await tx.query<{ note: string; rows: number }>(
    `select n.note, count(*) as rows from expected e, unnest(e.notes) n (note) where e.outcome = 'loaded' group by 1`,
  );
  for (const { note, rows } of noted.rows) add(tally.notes, note, rows);
}

/** Bytes of an entry in an index over a uuid, on a page that is filled as usual. */
const INDEX_ENTRY = 40;

/** SQL: bytes of a row that `expected` lacks: its id, its pointer, links by ids and not by keys, and an entry in each index. */
function bytesBeside({ target: { table, columns } }: Entity): string {
  const links = Object.values(columns).filter(({ references }) => references !== undefined).length;
  return `${16 + 4 + 8 * links} + ${INDEX_ENTRY} * (select count(*) from pg_index where indrelid = 'public.${table}'::regclass)`;
}

function add(counts: Record<string, number>, name: string, rows: number): void {
  counts[name] = (counts[name] ?? 0) + rows;
}
