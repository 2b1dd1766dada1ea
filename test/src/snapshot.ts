/** What lies in the target: every row by its legacy key, with its id and the transaction that wrote it last. */
import { entities } from "@nexus/catalog";
import type { Pool } from "@nexus/shared/database";

interface Row {
  readonly id: string;
  /** Its xmin and its bytes: equal only if nobody wrote the row in between, not even with the same values. */
  readonly version: string;
}

/** By entity and legacy key. */
export type Snapshot = ReadonlyMap<string, ReadonlyMap<number, Row>>;

/** Legacy keys, ascending. */
export interface Differences {
  readonly inserted: readonly number[];
  readonly rewritten: readonly number[];
  readonly gone: readonly number[];
  readonly otherId: readonly number[];
}

export async function snapshot(target: Pool): Promise<Snapshot> {
  const found = new Map<string, ReadonlyMap<number, Row>>();
  for (const { name, target: where } of entities) {
    const { rows } = await target.query<Row & { key: number }>(
      `select t.${where.key} as key, t.id::text, t.xmin::text || md5(t::text) as version from public.${where.table} t`,
    );
    found.set(name, new Map(rows.map((row) => [row.key, { id: row.id, version: row.version }])));
  }
  return found;
}

/** What happened to the rows of an entity between two snapshots. */
export function differences(before: Snapshot, after: Snapshot, entity: string): Differences {
  const old = before.get(entity) ?? new Map<number, Row>();
  const now = after.get(entity) ?? new Map<number, Row>();
  const kept = [...now].flatMap(([key, row]) => {
    const was = old.get(key);
    return was === undefined ? [] : [{ key, was, row }];
  });
  return {
    inserted: ascending([...now.keys()].filter((key) => !old.has(key))),
    rewritten: ascending(
      kept.filter(({ was, row }) => was.version !== row.version).map(({ key }) => key),
    ),
    gone: ascending([...old.keys()].filter((key) => !now.has(key))),
    otherId: ascending(kept.filter(({ was, row }) => was.id !== row.id).map(({ key }) => key)),
  };
}

function ascending(keys: readonly number[]): number[] {
  return [...keys].sort((a, b) => a - b);
}
