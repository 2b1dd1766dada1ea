/** Every row read has one outcome; what the batch says of its rows is written with them. */
import type { Codes, Entity, LoadedRow, Outcome, ParentLookup } from "@nexus/catalog";
import type { Client } from "@nexus/shared/database";
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
import type { ReadRow } from "./read-range.ts";
import type { Refused, Written } from "./upsert.ts";

export interface Mapped {
  readonly loaded: readonly LoadedRow[];
  readonly exceptions: readonly Exception[];
}

/** Maps every row, and parts those that can be loaded from those that cannot. */
export function sortOutcomes(rows: readonly ReadRow[], parents: ParentLookup, codes: Codes): Mapped {
  const loaded: LoadedRow[] = [];
  const exceptions: Exception[] = [];
  for (const read of rows) {
    const outcome = read.kind === "row" ? read.row.map(parents, codes) : unreadable(read);
    if (outcome.kind === "loaded") loaded.push(outcome);
    else exceptions.push(asException(outcome));
  }
  return { loaded, exceptions };
}

function unreadable({ legacyId, columns }: { legacyId: number; columns: readonly string[] }): Outcome {
  return { kind: "rejected", legacyId, reason: "unreadable", column: columns[0] ?? null };
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
  return { legacyId, outcome: kind, reason: `${outcome.entity}_not_in_target`, column: null, ...missing };
}

interface Result extends Mapped {
  readonly taken: readonly number[];
  readonly written: Written;
}

/** Writes exceptions and notes in place of what an earlier generation said, and counts. */
export async function recordOutcomes(tx: Client, batch: ClaimedBatch, result: Result): Promise<BatchCounts> {
  const refused = new Set(result.written.refused.map((row) => row.legacyId));
  const loaded = result.loaded.filter((row) => !refused.has(row.legacyId));
  const exceptions = [...result.exceptions, ...result.written.refused.map(refusedException)];
  const notes = groupNotes(loaded, result.taken);
  if (batch.generation > 1) await forgetBatch(tx, batch.id);
  await resolveOlder(tx, batch, rangeOf(batch));
  await recordExceptions(tx, batch, exceptions);
  await recordNotes(tx, batch.id, notes);
  const rejected = exceptions.filter((exception) => exception.outcome === "rejected").length;
  return {
    read: result.loaded.length + result.exceptions.length,
    loaded: loaded.length,
    inserted: result.written.inserted.length,
    updated: result.written.updated.length,
    rejected,
    parked: exceptions.length - rejected,
    noted: new Set(notes.flatMap((note) => note.legacyIds)).size,
  };
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
};

function refusedException({ legacyId, sqlState, column }: Refused): Exception {
  const reason = REFUSALS[sqlState] ?? `refused_${sqlState}`;
  return { legacyId, outcome: "rejected", reason, column, missingEntity: null, missingId: null };
}

function groupNotes(loaded: readonly LoadedRow[], taken: readonly number[]): NoteGroup[] {
  const groups = new Map<string, { code: string; column: string; legacyIds: number[] }>();
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
}: ClaimedBatch): { after: number | string; to: number } | readonly number[] {
  return after === null || to === null ? (keys ?? []) : { after, to };
}

/** Offers the rows that were inserted or updated to those who read content in this run. */
export async function emitContent(
  tx: Client,
  batch: ClaimedBatch,
  entity: Entity,
  readers: ContentReaders,
  written: Written,
): Promise<void> {
  if (entity.content === null) return;
  await recordContentEvent(tx, batch.id, readers, entity.content, [...written.inserted, ...written.updated]);
}
