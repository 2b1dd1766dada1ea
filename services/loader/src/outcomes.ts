/** Every row read has one outcome; what the batch says of its rows is written with them. */
import type { Codes, Entity, LoadedRow, Outcome, ParentLookup } from "@nexus/catalog";
import {
  addChanges,
  type Changes,
  NO_CHANGES,
  type Queryable,
  together,
} from "@nexus/shared/database";
import {
  type BatchCounts,
  type ClaimedBatch,
  type ContentReaders,
  type Exception,
  forgetBatch,
  type NoteGroup,
  recordContentEvent,
  recordExceptions,
  recordNotes,
  resolveOlder,
} from "@nexus/shared/ledger";
import type { ReadRow } from "./read-rows.ts";
import type { Key } from "./source.ts";
import type { Refused, Written } from "./upsert.ts";

export interface Mapped {
  readonly loaded: readonly LoadedRow[];
  readonly exceptions: readonly Exception[];
}

/** The reason of a profile that needs an account before it, and has none yet. */
export const NO_ACCOUNT = "no_account";

/** Maps every row, and parts those that can be loaded from those that cannot. */
export function sortOutcomes(
  rows: readonly ReadRow[],
  parents: ParentLookup,
  codes: Codes,
): Mapped {
  const loaded: LoadedRow[] = [];
  const exceptions: Exception[] = [];
  for (const read of rows) {
    const outcome = read.kind === "row" ? mapRow(read, parents, codes) : read;
    if (outcome.kind === "loaded") loaded.push(outcome);
    else
      exceptions.push(outcome.kind === "unreadable" ? unreadable(outcome) : asException(outcome));
  }
  return { loaded, exceptions };
}

function mapRow(
  { row, repaired = [] }: Extract<ReadRow, { kind: "row" }>,
  parents: ParentLookup,
  codes: Codes,
): Outcome {
  const outcome = row.map(parents, codes);
  return outcome.kind === "loaded" && repaired.length > 0
    ? { ...outcome, notes: [...outcome.notes, ...repaired] }
    : outcome;
}

function unreadable({
  legacyId,
  reason,
  column,
}: Extract<ReadRow, { kind: "unreadable" }>): Exception {
  return { legacyId, outcome: "rejected", reason, column, missingEntity: null, missingId: null };
}

function asException(outcome: Exclude<Outcome, LoadedRow>): Exception {
  const { legacyId, kind } = outcome;
  if (kind === "rejected")
    return {
      legacyId,
      outcome: kind,
      reason: outcome.reason,
      column: outcome.column,
      missingEntity: null,
      missingId: null,
    };
  const missing = { missingEntity: outcome.entity, missingId: outcome.missing };
  return {
    legacyId,
    outcome: kind,
    reason: `${outcome.entity}_not_in_target`,
    column: null,
    ...missing,
  };
}

interface Result extends Mapped {
  /** Rows that were read. */
  readonly read: number;
  readonly taken: readonly number[];
  readonly adopted: Changes;
  readonly written: Written;
  readonly rows: readonly ReadRow[];
}

/** What became of the rows of a batch so far: what is left of them when they are written. */
export interface Tally {
  readonly read: number;
  readonly loaded: number;
  readonly exceptions: readonly Exception[];
  readonly notes: readonly NoteGroup[];
  readonly inserted: readonly string[];
  readonly updated: readonly string[];
  /** What changes in rows that were adopted before this run. */
  readonly adopted: Changes;
  /** Of rows that were read and have an outcome of their own: what they were, in a number each. */
  readonly fingerprints: ReadonlyMap<number, Key>;
}

export const NOTHING_YET: Tally = {
  read: 0,
  loaded: 0,
  exceptions: [],
  notes: [],
  inserted: [],
  updated: [],
  adopted: NO_CHANGES,
  fingerprints: new Map(),
};

/** Adds a portion of the batch. */
export function tallied(
  sofar: Tally,
  { read, loaded: mapped, exceptions, taken, adopted, written, rows }: Result,
): Tally {
  const refused = new Set(written.refused.map((row) => row.legacyId));
  const loaded = mapped.filter((row) => !refused.has(row.legacyId));
  const waiting = exceptions.filter(({ reason }) => reason === NO_ACCOUNT);
  const provisional = loaded.filter((row) => row.isProvisional);
  const again = new Set([...refused, ...[...waiting, ...provisional].map((row) => row.legacyId)]);
  return {
    read: sofar.read + read,
    loaded: sofar.loaded + loaded.length,
    exceptions: [...sofar.exceptions, ...exceptions, ...written.refused.map(refusedException)],
    notes: groupNotes(sofar.notes, loaded, taken),
    inserted: [...sofar.inserted, ...written.inserted],
    updated: [...sofar.updated, ...written.updated],
    adopted: addChanges(sofar.adopted, adopted),
    fingerprints: new Map([...sofar.fingerprints, ...fingerprintsOf(rows, again)]),
  };
}

/** What the target refused, or waits for an account, may be taken next time, as it is: it is read again. So is what could not be read, and what is provisional. */
function fingerprintsOf(
  rows: readonly ReadRow[],
  again: ReadonlySet<Key>,
): (readonly [number, Key])[] {
  return rows.flatMap((read) =>
    read.kind === "row" && read.fingerprint !== undefined && !again.has(read.row.legacyId)
      ? [[read.row.legacyId, read.fingerprint] as const]
      : [],
  );
}

/** What a batch counted. Throws where a row read has no outcome. */
export function countsOf({
  read,
  loaded,
  inserted,
  updated,
  exceptions,
  notes,
}: Tally): BatchCounts {
  if (read !== loaded + exceptions.length) throw new Error("a row that was read has no outcome");
  const rejected = exceptions.filter((exception) => exception.outcome === "rejected").length;
  return {
    read,
    loaded,
    inserted: inserted.length,
    updated: updated.length,
    rejected,
    parked: exceptions.length - rejected,
    noted: new Set(notes.flatMap((note) => note.legacyIds)).size,
  };
}

/** Writes exceptions and notes in place of what an earlier generation said. Sends all of it at once. */
export async function recordOutcomes(
  tx: Queryable,
  batch: ClaimedBatch,
  { exceptions, notes }: Tally,
): Promise<void> {
  await together([
    batch.generation > 1 && forgetBatch(tx, batch.id),
    resolveOlder(tx, batch, rangeOf(batch)),
    recordExceptions(tx, batch, exceptions),
    recordNotes(tx, batch.id, notes),
  ]);
}

/** SQLSTATEs that a row may be refused with, in words; any other keeps its number. */
const REFUSALS: Readonly<Record<string, string>> = {
  "22001": "value_too_long",
  "22003": "value_out_of_range",
  "22P02": "value_malformed",
  "22P05": "value_malformed",
  "23502": "value_missing",
  "23503": "parent_missing",
  "23505": "duplicate_key",
  "23514": "check_violated",
  not_stored: "not_stored",
};

function refusedException({ legacyId, sqlState, column }: Refused): Exception {
  const reason = REFUSALS[sqlState] ?? `refused_${sqlState}`;
  return { legacyId, outcome: "rejected", reason, column, missingEntity: null, missingId: null };
}

function groupNotes(
  sofar: readonly NoteGroup[],
  loaded: readonly LoadedRow[],
  taken: readonly number[],
): NoteGroup[] {
  const groups = new Map<string, { code: string; column: string; legacyIds: number[] }>();
  for (const { code, column, legacyIds } of sofar)
    groups.set(`${code} ${column}`, { code, column, legacyIds: [...legacyIds] });
  const add = (code: string, column: string, legacyId: number): void => {
    const group = groups.get(`${code} ${column}`) ?? { code, column, legacyIds: [] };
    group.legacyIds.push(legacyId);
    groups.set(`${code} ${column}`, group);
  };
  for (const row of loaded) for (const note of row.notes) add(note.code, note.column, row.legacyId);
  for (const legacyId of taken) add("legacy_id_changed", "legacy_id", legacyId);
  return [...groups.values()];
}

function rangeOf({
  keys,
  after,
  to,
}: ClaimedBatch): { after: number | string; to: number | string } | readonly number[] {
  return after === null || to === null ? (keys ?? []) : { after, to };
}

/** Offers the rows that were inserted or updated to those who read content in this run. */
export async function emitContent(
  tx: Queryable,
  batch: ClaimedBatch,
  entity: Entity,
  readers: ContentReaders,
  { inserted, updated }: Tally,
): Promise<void> {
  if (entity.content === null) return;
  await recordContentEvent(tx, batch.id, readers, entity.content, [...inserted, ...updated]);
}
