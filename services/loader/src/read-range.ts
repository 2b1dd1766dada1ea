/** Reads a batch's rows from the legacy database: all at once, before the target's transaction opens, or with care. */
import { type Entity, extractionSql, fingerprintedSql } from "@nexus/catalog";
import { connectionBroke, labelOf } from "@nexus/shared/database";
import type { ClaimedBatch } from "@nexus/shared/ledger";
import { addBreaker, BREAKS_CONNECTION, TRIALS } from "./breakers.ts";
import { queryWithin } from "./query-within.ts";
import { type Fault, faultOf } from "./read-faults.ts";
import { type Portion, type ReadRow, readRows, type Rows } from "./read-rows.ts";
import type { RunContext } from "./run-context.ts";
import { queryStored } from "./source-encoding.ts";
import type { Key, Source } from "./source.ts";
import { untilWell } from "./until-well.ts";

/** A batch that is in memory, or the keys of one that is too large to be read at once, or holds a row that cannot be read. */
export type Reading =
  | ({ readonly kind: "whole" } & Portion)
  | ({ readonly kind: "large" | "refused" } & { readonly keys: readonly Key[] });

/** Bytes on the wire that are kept of a batch at a time. A row of the sample has 300 to 1,500. */
const PORTION_BYTES = 8 << 20;

/** The rows of the batch's range or keys, in key order, in one query. Its keys only, where that cannot be. */
export async function readRange(
  source: Source,
  run: RunContext,
  entity: Entity,
  batch: ClaimedBatch,
): Promise<Reading> {
  const [by, values] =
    batch.keys === null
      ? (["range", [batch.after, batch.to]] as const)
      : (["keys", [batch.keys]] as const);
  const sql = sqlOf(run, entity, by);
  const got = await attempt(source, run, sql, values, PORTION_BYTES);
  if ("rows" in got) {
    const rows = readRows(entity, got, source.encoding.unreadable);
    return { kind: "whole", rows, read: got.rows.length, last: true };
  }
  const keys = await listKeys(source, entity, by, values);
  return { kind: got.kind === "too_large" ? "large" : "refused", keys };
}

/** What reads rows: with their fingerprints, where the run keeps them. */
function sqlOf({ fingerprinted, shape }: RunContext, entity: Entity, by: "range" | "keys"): string {
  return (fingerprinted === undefined ? extractionSql : fingerprintedSql)(entity, shape, by);
}

/** The rows of these keys, a portion at a time. `first`: how many are tried at first. */
export async function* readPortions(
  source: Source,
  run: RunContext,
  entity: Entity,
  keys: readonly Key[],
  first = 1,
): AsyncGenerator<Portion, void> {
  const { breakers = new Set() } = source;
  let rows: ReadRow[] = keys.filter((key) => breakers.has(key)).map(asBreaker);
  let bytes = 0;
  const others = keys.filter((key) => !breakers.has(key));
  for await (const piece of readPieces(source, run, entity, others, first)) {
    rows.push(...piece.rows);
    bytes += piece.bytes;
    if (bytes < PORTION_BYTES / 2) continue;
    yield { rows, read: rows.length };
    [rows, bytes] = [[], 0];
  }
  yield { rows, read: rows.length, last: true };
}

/**
 * Half as many rows after a piece that is too large or fails, twice as many after another. A row that fails alone is rejected.
 * Where none can be read, for a reason that need not be the rows', the reason is thrown.
 */
async function* readPieces(
  source: Source,
  run: RunContext,
  entity: Entity,
  keys: readonly Key[],
  first: number,
): AsyncGenerator<{ rows: readonly ReadRow[]; bytes: number }, void> {
  const sql = sqlOf(run, entity, "keys");
  let pace = first;
  let readable = false;
  for (let at = 0; at < keys.length;) {
    const some = keys.slice(at, at + pace);
    const got = await (some.length > 1
      ? attempt(source, run, sql, [some], PORTION_BYTES)
      : attemptAlone(source, run, sql, some));
    if ("rows" in got) {
      yield { rows: readRows(entity, got, source.encoding.unreadable), bytes: got.bytes };
      pace = nextPace(some.length, got.bytes);
      readable ||= got.rows.length > 0;
      at += some.length;
    } else if (some.length > 1) pace = Math.floor(some.length / 2);
    else {
      at += 1;
      if (!readable) throwIfHopeless(got, at, keys.length);
      yield { rows: await rejected(source, run, entity, some, got), bytes: 0 };
    }
  }
}

/** After so many failures of `of` rows, and nothing else. */
function throwIfHopeless(fault: Fault, failures: number, of: number): void {
  if (fault.kind !== "unsure" && fault.kind !== "slow") return;
  if (of > 1 && failures >= Math.min(of, GIVEN_UP[fault.kind])) throw fault.error;
}

/** Rows that fail for a reason that need not be theirs, without one that does not, until it is held for another's. */
const GIVEN_UP = { unsure: 20, slow: 3 } as const;

/** A lone row is rejected when it took too long so often, one time after the other. */
const SLOW_TRIALS = 2;

/** Twice as many while they are light, and never so many that they would be cut off if they weigh what the last ones did. */
function nextPace(rows: number, bytes: number): number {
  return Math.max(1, Math.min(2 * rows, Math.floor((PORTION_BYTES * rows) / (2 * bytes))));
}

type Got = (Rows & { readonly bytes: number }) | Fault;

/** A row that breaks the connection, or takes too long, is tried again; one that breaks it each time is remembered. */
async function attemptAlone(
  source: Source,
  run: RunContext,
  sql: string,
  keys: readonly Key[],
): Promise<Got> {
  for (let trial = 1; ; trial++) {
    const got = await attempt(source, run, sql, [keys], source.rowBytes);
    if ("rows" in got || (got.kind !== "breaks" && got.kind !== "slow")) return got;
    if (trial < (got.kind === "slow" ? SLOW_TRIALS : TRIALS)) continue;
    if (got.kind === "slow") return got;
    for (const key of keys) if (source.breakers !== undefined) addBreaker(source.breakers, key);
    return got;
  }
}

/** Rows, or what a row may be at fault for. Of a connection that breaks only where it broke before, and once the source is well. */
async function attempt(
  source: Source,
  run: RunContext,
  sql: string,
  values: readonly unknown[],
  maxBytes: number,
): Promise<Got> {
  try {
    return await ask(source, run, sql, values, maxBytes);
  } catch (error) {
    if (source.signal.aborted) throw error;
    if (source.breakers === undefined || !connectionBroke(error)) return soughtFault(source, error);
    await untilWell(() => ask(source, run, "select", [], maxBytes), source.signal);
    return { kind: "breaks", code: BREAKS_CONNECTION, error };
  }
}

/** Throws what is no row's fault, as far as that is known by now. */
function soughtFault({ seeksSlow = false }: Source, error: unknown): Fault {
  const fault = faultOf(error);
  if (fault.kind === "slow" && !seeksSlow) throw error;
  return fault;
}

async function ask(
  { legacy, legacyStatementMs: statementMs, signal, encoding }: Source,
  { sourceEncoding }: RunContext,
  sql: string,
  values: readonly unknown[],
  maxBytes: number,
): Promise<Got> {
  const limits = { maxBytes, statementMs, signal };
  if (encoding.stored !== undefined)
    return notTooLarge(await queryStored(legacy, sql, values, encoding.stored, limits));
  const answer = await queryWithin(legacy, sql, values, limits);
  if (answer === "too_large") return { kind: "too_large" };
  const rows = answer.rows.map((row) => ({ row, unreadable: [] }));
  return { rows, bytes: answer.bytes, doubtful: /^(latin|iso)/i.test(sourceEncoding) };
}

function notTooLarge<T>(answer: T | "too_large"): T | Extract<Fault, { kind: "too_large" }> {
  return answer === "too_large" ? { kind: "too_large" } : answer;
}

/** What is said of rows that cannot be read. Of text that means nothing it is found out where it is. */
async function rejected(
  source: Source,
  run: RunContext,
  entity: Entity,
  keys: readonly Key[],
  fault: Fault,
): Promise<readonly ReadRow[]> {
  if (fault.kind === "text") {
    const { legacy, rowBytes: maxBytes, legacyStatementMs: statementMs, signal } = source;
    const sql = sqlOf(run, entity, "keys");
    const limits = { maxBytes, statementMs, signal };
    const stored = await queryStored(legacy, sql, [keys], labelOf(run.sourceEncoding), limits);
    if (stored !== "too_large") return readRows(entity, stored, source.encoding.unreadable);
  }
  return keys.map((legacyId) => ({
    kind: "unreadable",
    legacyId,
    reason: reasonOf(fault),
    column: null,
  }));
}

function asBreaker(legacyId: Key): ReadRow {
  return { kind: "unreadable", legacyId, reason: `unreadable_${BREAKS_CONNECTION}`, column: null };
}

function reasonOf({ kind, code }: Fault): string {
  if (kind === "too_large") return "row_too_large";
  return kind === "text" ? "unreadable_text" : `unreadable_${code}`;
}

async function listKeys(
  source: Source,
  { source: { table, key } }: Entity,
  by: "range" | "keys",
  values: readonly unknown[],
): Promise<Key[]> {
  const within =
    by === "range" ? `${key} > $1::bigint and ${key} <= $2::bigint` : `${key} = any($1::bigint[])`;
  const sql = `select ${key}::bigint as key from ${table} where ${within} order by ${key}`;
  const { legacy, legacyStatementMs: statementMs, signal } = source;
  const answer = await queryWithin(legacy, sql, values, {
    maxBytes: PORTION_BYTES,
    statementMs,
    signal,
  });
  if (answer === "too_large") throw new Error("the keys of a batch are too many");
  return answer.rows.map(({ key: found }) => (typeof found === "number" ? found : String(found)));
}
