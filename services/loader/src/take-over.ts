/** Rows found by a second key: the source has given the same thing a new id (Django re-inserts links). */
import type { Entity, LoadedRow } from "@nexus/catalog";
import { type Client, readOnly } from "@nexus/shared/database";
import { keepFormer, type Writer } from "@nexus/shared/ledger";
import type { Source as WholeSource } from "./source.ts";

type Source = Pick<WholeSource, "legacy" | "legacyStatementMs" | "signal">;

interface Holder {
  readonly held: number;
  readonly wanted: number;
}

/**
 * Gives a target row its new legacy id when it holds the second key of one of ours and its own legacy id is gone from the source.
 * Returns the legacy ids that took a row over. Asks the source only when there is such a row.
 */
export async function takeOver(
  tx: Client,
  source: Source,
  { undo }: { readonly undo: Writer | undefined },
  entity: Entity,
  rows: readonly LoadedRow[],
): Promise<number[]> {
  if (entity.target.alsoUnique.length === 0 || rows.length === 0) return [];
  const holders = await findHolders(tx, entity, rows);
  if (holders.length === 0) return [];
  const alive = await stillInSource(source, entity, holders);
  const gone = holders.filter((holder) => !alive.has(holder.held));
  if (gone.length === 0) return [];
  const { table, key } = entity.target;
  const held = gone.map((holder) => holder.held);
  const where = `t.${key} = any($4::integer[])`;
  if (undo !== undefined)
    await keepFormer(tx, undo, { entity: entity.name, table, where, values: [held] });
  await tx.query(
    `update public.${table} t set ${key} = g.wanted
     from unnest($1::integer[], $2::integer[]) as g (held, wanted) where t.${key} = g.held`,
    [held, gone.map((holder) => holder.wanted)],
  );
  return gone.map((holder) => holder.wanted);
}

/** Target rows with the second key of one of ours, under another legacy id, where ours has no row yet. */
async function findHolders(
  tx: Client,
  entity: Entity,
  rows: readonly LoadedRow[],
): Promise<Holder[]> {
  const { table, key, alsoUnique, columns } = entity.target;
  const types = alsoUnique.map((column, n) => `$${n + 2}::${columns[column]?.type ?? "text"}[]`);
  const found = await tx.query<Holder>(
    `select t.${key} as held, i.wanted from unnest($1::integer[], ${types.join(", ")}) as i (wanted, ${alsoUnique.join(", ")})
     join public.${table} t on ${alsoUnique.map((column) => `t.${column} = i.${column}`).join(" and ")}
     where t.${key} <> i.wanted and not exists (select from public.${table} o where o.${key} = i.wanted)`,
    [
      rows.map((row) => row.row[key]),
      ...alsoUnique.map((column) => rows.map((row) => row.row[column])),
    ],
  );
  return found.rows;
}

async function stillInSource(
  { legacy, legacyStatementMs, signal }: Source,
  entity: Entity,
  holders: readonly Holder[],
): Promise<Set<number>> {
  const { table, key } = entity.source;
  const found = await readOnly(
    legacy,
    (tx) =>
      tx.query<{ key: number }>(
        `select ${key}::bigint as key from ${table} where ${key} = any($1::integer[])`,
        [holders.map((holder) => holder.held)],
      ),
    { statementMs: legacyStatementMs, signal },
  );
  return new Set(found.rows.map((row) => row.key));
}
