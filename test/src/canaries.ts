/** Searching for markers where no row's value may ever be. */
import { canaryPattern } from "@nexus/local/sample";
import type { Pool } from "@nexus/shared/database";

/** The markers in a text, each once. */
export function canariesIn(text: string): string[] {
  const found = text.matchAll(new RegExp(canaryPattern.source, "gi"));
  return [...new Set(Array.from(found, ([marker]) => marker.toLowerCase()))].sort();
}

/** Every row of every table of a schema, as text. */
export async function contentsOf(pool: Pool, schema: string): Promise<string> {
  const tables = await pool.query<{ name: string }>(
    `select oid::regclass::text as name from pg_class where relkind in ('r', 'p') and relnamespace = $1::regnamespace order by 1`,
    [schema],
  );
  const contents: string[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await pool.query<{ row: string }>(
      `select row_to_json(t)::text as row from ${name} t`,
    );
    contents.push(...rows.map(({ row }) => `${name} ${row}`));
  }
  return contents.join("\n");
}
