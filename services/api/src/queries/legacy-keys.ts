import type { Client } from "@nexus/shared/database";
import type { Content } from "../search/open-search.ts";

/** The legacy keys of content rows by `type:id`, as far as this transaction sees the rows; null for rows that were not migrated. */
export async function legacyKeys(
  tx: Client,
  contents: readonly Content[],
  ids: readonly string[],
): Promise<ReadonlyMap<string, number | null>> {
  if (ids.length === 0) return new Map();
  const { rows } = await tx.query<{ item: string; key: number | null }>(
    contents
      .map(
        ({ type, table, key }) =>
          `select '${type}:' || id as item, ${key} as key from public.${table} where id = any($1::uuid[])`,
      )
      .join(" union all "),
    [ids],
  );
  return new Map(rows.map(({ item, key }) => [item, key]));
}
