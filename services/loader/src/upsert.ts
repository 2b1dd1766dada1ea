/** Writes rows by their legacy key: new ones are inserted, changed ones updated, equal ones left alone. */
import { type Entity, idOf, type LoadedRow } from "@nexus/catalog";
import {
  arrayParameter,
  arrayValue,
  type Client,
  errorCode,
  nextStep,
  sentValues,
} from "@nexus/shared/database";
import type { Writer } from "@nexus/shared/ledger";
import type { RunContext } from "./run-context.ts";
import { type UpsertRow, upsertSql } from "./upsert-sql.ts";

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

/** What is the same for all rows of a batch. `undo`: for what is kept what its rows were; undefined: that is not kept. */
interface UpsertContext extends Pick<RunContext, "idNamespace" | "tables"> {
  readonly undo?: Writer | undefined;
}

export type Write = (
  tx: Client,
  entity: Entity,
  context: UpsertContext,
  rows: readonly LoadedRow[],
) => Promise<Written>;

const NOTHING: Written = { inserted: [], updated: [], refused: [] };

/**
 * All rows in one statement, or in a few where they weigh much. Rows come in key order, so that two batches never wait for each
 * other crosswise.
 */
export const upsert: Write = async (tx, entity, context, rows) => {
  let written = NOTHING;
  for (const some of inStatements(rows))
    written = join(written, await upsertOnce(tx, entity, context, some));
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

/** Rows that were sent, and that the target did not keep: a trigger or a rule of its own dropped them, or changed their legacy key. */
class NotStored extends Error {
  override readonly name = "NotStored";
  readonly code = "not_stored";
  readonly keys: ReadonlySet<unknown>;

  constructor(keys: readonly unknown[]) {
    super("the target did not keep rows that were sent");
    this.keys = new Set(keys);
  }
}

async function upsertOnce(
  tx: Client,
  entity: Entity,
  { idNamespace, tables, undo }: UpsertContext,
  rows: readonly LoadedRow[],
): Promise<Written> {
  const table = tables(entity);
  const { write, remember, columns } = upsertSql(
    entity,
    table,
    undo === undefined ? "off" : "kept",
  );
  const ids = rows.map((row) => idOf(idNamespace, entity.name, row.legacyId));
  const values = sentValues(columns, ids, rows);
  const keptFor = undo === undefined ? [] : [undo.runId, undo.batchId];
  const result = await tx.query<UpsertRow>(write, [...values, ...keptFor]);
  const kept = new Set(result.rows.filter(({ id }) => id !== null).map(({ key }) => key));
  const lost = result.rows.filter(({ kind, key }) => kind === "lost" && !kept.has(key));
  if (lost.length > 0) throw new NotStored(lost.map(({ key }) => key));
  const [inserted, updated] = [idsOf(result.rows, "inserted"), idsOf(result.rows, "updated")];
  const watched = result.rows.some(({ kind }) => kind === "watched");
  if (watched) await findAll(tx, entity, rows);
  if ((watched || table.overrules) && inserted.length + updated.length > 0)
    await tx.query(remember, [...values, [...inserted, ...updated]]);
  return { inserted, updated, refused: [] };
}

function idsOf(rows: readonly UpsertRow[], wanted: UpsertRow["kind"]): string[] {
  return rows.flatMap(({ kind, id }) => (kind === wanted && id !== null ? [id] : []));
}

/** Triggers that come after a row may take it away again. */
async function findAll(tx: Client, { target }: Entity, rows: readonly LoadedRow[]): Promise<void> {
  const missing = await tx.query<{ key: number }>(
    `select k.key from unnest(${arrayParameter(1, "integer")}) as k (key)
     where not exists (select from public.${target.table} t where t.${target.key} = k.key)`,
    [
      arrayValue(
        rows.map(({ row }) => row[target.key] ?? null),
        "integer",
      ),
    ],
  );
  if (missing.rows.length > 0) throw new NotStored(missing.rows.map(({ key }) => key));
}

/** Whether an error is of a row: without that row, the others may be written. */
export function isOfARow(error: unknown): boolean {
  return error instanceof NotStored || nextStep(error) === "row";
}

/**
 * Writes pieces: half as many rows after one that fails, twice as many after one that succeeds, so that the rows which break a rule stand
 * alone, and all others are written. As many statements as rows where every row fails, about 20 for one bad row of 1,000.
 */
export const upsertBisecting: Write = async (tx, entity, context, rows) => {
  await tx.query("savepoint bisect");
  let written = NOTHING;
  let left = rows;
  let size = rows.length;
  while (left.length > 0) {
    const some = left.slice(0, size);
    try {
      written = join(written, await upsert(tx, entity, context, some));
      await tx.query("release savepoint bisect; savepoint bisect");
      left = left.slice(some.length);
      size = 2 * some.length;
    } catch (error) {
      if (!isOfARow(error)) throw error;
      await tx.query("rollback to savepoint bisect");
      const bad = badAmong(entity, some, error);
      if (bad.length === 0) size = Math.ceil(some.length / 2);
      written = join(written, {
        ...NOTHING,
        refused: bad.map((row) => refusal(entity, row, error)),
      });
      left = left.filter((row) => !bad.includes(row));
      if (left.length === 0 && written.refused.length === rows.length && ofTheStatement(error))
        throw error;
    }
  }
  await tx.query("release savepoint bisect");
  return written;
};

/** The rows that the error is known to be of. */
function badAmong({ target }: Entity, rows: readonly LoadedRow[], error: unknown): LoadedRow[] {
  if (error instanceof NotStored) return rows.filter(({ row }) => error.keys.has(row[target.key]));
  return rows.length === 1 ? [...rows] : [];
}

/** What a row is seldom the cause of. Where no row at all gets through, the table itself is what it cannot be done with. */
function ofTheStatement(error: unknown): boolean {
  return errorCode(error) === "0A000";
}

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
