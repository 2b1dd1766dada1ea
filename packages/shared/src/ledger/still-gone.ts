/** Asks the source once more for rows that are about to be archived or deleted, because they were gone from it. */
import type { Entity } from "@nexus/catalog";
import type { Pool } from "../database/pool.ts";
import { readSourceShape } from "../database/source-catalog.ts";
import { askSource, type SourceBounds } from "./ask-source.ts";

/** A row of the target: its legacy key, and the source row that it was made of. */
export interface OfSource {
  readonly key: number;
  readonly source: number;
}

/** What the source shows now. */
export interface SourceNow {
  /** Whether it shows any row of the table at all: one that shows none is no word about any row. */
  readonly showsAny: boolean;
  readonly keys: ReadonlySet<number>;
  readonly rows: ReadonlySet<number>;
}

/** Which of these keys and source rows are there, in one statement. A displaced row has the key of its source row with a minus. */
export async function sourceNow(
  legacy: Pool,
  { source: { table, key, legacyId } }: Entity,
  asked: readonly OfSource[],
  bounds: SourceBounds,
): Promise<SourceNow> {
  const column = legacyId?.(await readSourceShape(legacy)) ?? key;
  const rows = asked.flatMap((one) => (one.key < 0 ? [one.source, -one.key] : [one.source]));
  const found = await askSource(
    legacy,
    (tx) =>
      tx.query<{ kind: "any" | "key" | "row"; id: number }>(
        `select 'any' as kind, 0::bigint as id where exists (select 1 from ${table})
         union all select 'key', k from unnest($1::bigint[]) k where exists (select 1 from ${table} where ${column} = k)
         union all select 'row', k from unnest($2::bigint[]) k where exists (select 1 from ${table} where ${key} = k)`,
        [asked.map((one) => one.key), rows],
      ),
    bounds,
  );
  const of = (kind: string): Set<number> =>
    new Set(found.rows.flatMap((row) => (row.kind === kind ? [row.id] : [])));
  return { showsAny: of("any").size > 0, keys: of("key"), rows: of("row") };
}
