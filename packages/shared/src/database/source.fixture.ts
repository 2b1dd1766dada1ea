/** A source that has what the mapping needs, and no row. */
import { entities } from "@nexus/catalog";
import type { SourceRules } from "../config/database-variables.ts";
import { openPool, type Pool, withPool } from "./pool.ts";
import { preflightLegacy } from "./preflight-legacy.ts";

/** Tables with every column that any clause of any field asks for: text, but for what identifies a row. */
export function tablesThatAreNeeded(): string {
  const tables = new Map<string, Set<string>>();
  for (const { source } of entities) {
    for (const name of Object.values(source.needs).flat(2)) {
      const [table = "", column = ""] = name.split(".");
      tables.set(table, (tables.get(table) ?? new Set()).add(column));
    }
  }
  return [...tables].map(([table, columns]) => createTable(table, [...columns])).join("\n");
}

function createTable(table: string, columns: readonly string[]): string {
  const typed = columns.map((name) =>
    name === "id" ? "id integer primary key" : `"${name}" text`,
  );
  return `create table ${table} (${typed.join(", ")});`;
}

/** A pool of one connection. */
export function openSource(url: string): Pool {
  return openPool({ url, max: 1, name: "test", onError: () => undefined });
}

/** What preflight throws; undefined where it finds the source fit. */
export async function failureOf(pool: Pool, rules?: SourceRules): Promise<unknown> {
  return await preflightLegacy(pool, entities, rules).then(
    () => undefined,
    (error: unknown) => error,
  );
}

type Look = (legacy: Pool, url: string) => Promise<void>;

let schemas = 0;

/** Sets up a source in a schema of its own in database `url` and looks at it as `reader`. */
export async function look(
  url: string,
  setUp: string,
  see: Look,
  reader = new URL(url).username,
): Promise<void> {
  const schema = `source_${(schemas += 1)}`;
  const at = new URL(url);
  at.searchParams.set("options", `-c search_path=${schema}`);
  const read = `grant usage on schema ${schema} to ${reader}; grant select on all tables in schema ${schema} to ${reader}`;
  await withPool({ url: at.href, max: 1, name: "test" }, (pool) =>
    pool.query(
      `create schema ${schema}; ${tablesThatAreNeeded()} ${setUp.replaceAll("$reader", reader)}; ${read}`,
    ),
  );
  at.username = reader;
  const legacy = openSource(at.href);
  try {
    await see(legacy, at.href);
  } finally {
    await legacy.end();
  }
}
