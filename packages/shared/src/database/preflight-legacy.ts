/** Before anything is read: is the source there, new enough, readable, and does it have what the mapping needs? */
import { type Entity, missingInSource, sourceShape, type SourceShape, tablesRead } from "@nexus/catalog";
import { ConfigurationError } from "../config/failure.ts";
import type { Pool } from "./pool.ts";
import { placeOf, reachLegacy } from "./reach.ts";
import { missingPrivileges, readSourceColumns } from "./source-catalog.ts";
import { readOnly } from "./transaction.ts";

const STATEMENT_MS = 30_000;

/**
 * Returns the shape of the source. Throws `UnavailableError`, or one `ConfigurationError` that lists all missing tables,
 * columns and privileges with the statements to run. Only reads, and only the catalog.
 */
export async function preflightLegacy(pool: Pool, entities: readonly Entity[]): Promise<SourceShape> {
  await reachLegacy(pool);
  return await readOnly(
    pool,
    async (tx) => {
      const shape = sourceShape(await readSourceColumns(tx));
      const grants = await missingPrivileges(tx, readableTables(entities, shape));
      const problems = [...missing(entities, shape), ...grants.map((grant) => `run "${grant}"`)];
      if (problems.length > 0)
        throw new ConfigurationError(`LEGACY_URL (${placeOf(pool)}): ${problems.join("; ")}`);
      return shape;
    },
    { statementMs: STATEMENT_MS },
  );
}

/** The missing tables in one sentence, then the fields that lack a column. */
function missing(entities: readonly Entity[], shape: SourceShape): string[] {
  const present = entities.filter(({ source }) => shape.has(source.table));
  const tables = entities.flatMap(({ source }) => (shape.has(source.table) ? [] : source.table));
  return [
    ...(tables.length === 0
      ? []
      : [
          `tables missing: ${[...new Set(tables)].join(", ")}: point to the legacy application's database and schema`,
        ]),
    ...missingInSource(present, shape).map(({ message }) => message),
  ];
}

/** The tables of those entities that can be extracted at all. */
function readableTables(entities: readonly Entity[], shape: SourceShape): string[] {
  const extractable = entities.filter((entity) => missingInSource([entity], shape).length === 0);
  return [...new Set(extractable.flatMap((entity) => tablesRead(entity, shape)))];
}
