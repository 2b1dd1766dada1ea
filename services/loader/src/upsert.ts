/** Writes rows by their legacy key: new ones are inserted, changed ones updated, equal ones left alone. */
import { type ColumnType, type Entity, idOf, type LoadedRow } from "@nexus/catalog";
import { type Client, errorCode, nextStep } from "@nexus/shared/database";
import { arrayValue } from "./array-parameter.ts";
import { upsertSql } from "./upsert-sql.ts";

/** A row that a constraint or a type of the target refused. */
export interface Refused {
  readonly legacyId: number;
  readonly sqlState: string;
  readonly column: string | null;
}

export interface Written {
  readonly inserted: readonly string[];
  readonly updated: readonly string[];
  readonly refused: readonly Refused[];
}

export type Write = (
  tx: Client,
  entity: Entity,
  namespace: string,
  rows: readonly LoadedRow[],
) => Promise<Written>;

const NOTHING: Written = { inserted: [], updated: [], refused: [] };

/**
 * All rows in one statement, or in a few where they weigh much. Rows come in key order, so that two batches never wait for each
 * other crosswise.
 */
export const upsert: Write = async (tx, entity, namespace, rows) => {
  let written = NOTHING;
  for (const some of inStatements(rows))
    written = join(written, await upsertOnce(tx, entity, namespace, some));
  return written;
};

/** Characters of a statement's rows, at most: 1,000 ordinary rows have a tenth of it. */
const STATEMENT_CHARACTERS = 4 << 20;

function* inStatements(rows: readonly LoadedRow[]): Generator<readonly LoadedRow[]> {
  let from = 0;
  let characters = 0;
  for (const [at, { row }] of rows.entries()) {
    const more = charactersOf(row);
    if (at > from && characters + more > STATEMENT_CHARACTERS) {
      yield rows.slice(from, at);
      from = at;
      characters = 0;
    }
    characters += more;
  }
  if (from < rows.length) yield from === 0 ? rows : rows.slice(from);
}

function charactersOf(row: LoadedRow["row"]): number {
  let characters = 0;
  for (const column in row) {
    const value = row[column];
    if (typeof value === "string") characters += value.length;
  }
  return characters;
}

async function upsertOnce(
  tx: Client,
  entity: Entity,
  namespace: string,
  rows: readonly LoadedRow[],
): Promise<Written> {
  const { sql, columns } = upsertSql(entity);
  const ids = rows.map((row) => idOf(namespace, entity.name, row.legacyId));
  const values = columns.map(([column, { type }]) => columnOf(rows, column, type));
  const result = await tx.query<{ id: string; inserted: boolean }>(sql, [arrayValue(ids, "uuid"), ...values]);
  const idsWhere = (inserted: boolean): string[] =>
    result.rows.filter((row) => row.inserted === inserted).map((row) => row.id);
  return { inserted: idsWhere(true), updated: idsWhere(false), refused: [] };
}

function columnOf(rows: readonly LoadedRow[], column: string, type: ColumnType): Buffer {
  const values = rows.map(({ row }) => row[column] ?? null);
  return arrayValue(values, type);
}

/** Halves the rows until the ones that break a rule stand alone; all others are written. */
export const upsertBisecting: Write = async (tx, entity, namespace, rows) => {
  await tx.query("savepoint bisect");
  try {
    const written = await upsert(tx, entity, namespace, rows);
    await tx.query("release savepoint bisect");
    return written;
  } catch (error) {
    if (nextStep(error) !== "row") throw error;
    await tx.query("rollback to savepoint bisect; release savepoint bisect");
    const [row] = rows;
    if (row === undefined || rows.length === 1)
      return { ...NOTHING, refused: row ? [refusal(entity, row, error)] : [] };
    const middle = Math.ceil(rows.length / 2);
    const first = await upsertBisecting(tx, entity, namespace, rows.slice(0, middle));
    return join(first, await upsertBisecting(tx, entity, namespace, rows.slice(middle)));
  }
};

/** The column only if it is one: a trigger of the target may write anything there. */
function refusal({ target }: Entity, { legacyId }: LoadedRow, error: unknown): Refused {
  const column: unknown = error instanceof Error ? Reflect.get(error, "column") : undefined;
  return {
    legacyId,
    sqlState: errorCode(error) ?? "unknown",
    column: typeof column === "string" && column in target.columns ? column : null,
  };
}

function join(a: Written, b: Written): Written {
  return {
    inserted: [...a.inserted, ...b.inserted],
    updated: [...a.updated, ...b.updated],
    refused: [...a.refused, ...b.refused],
  };
}
