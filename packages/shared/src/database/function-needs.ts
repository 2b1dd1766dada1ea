/** What a function needs: PostgreSQL's own word for it, or names that are found in its body. Pure. */
import type { Guarded, Relation, Routine } from "./open-objects.ts";

interface Nameable {
  readonly tables: readonly Guarded[];
  readonly relations: readonly Relation[];
  readonly routines: readonly Routine[];
}

/** Statements that a body makes itself, or names that it spells in escapes: then it may read every table. */
const MADE_ITSELF = /\bexecute\b|\bspi_|\bu&"/i;

/** Their bodies are no text. */
const COMPILED = ["c", "internal"];

/**
 * Relations and functions that a body may use, by their oids. A body in a string is no more than text: each name that is also one
 * of a relation counts, and each name before a bracket that is also one of a function. Rather one too many than one too few.
 */
export function needsOf(routine: Routine, objects: Nameable): readonly number[] {
  if (routine.body === null) return routine.needs;
  const tables = objects.tables.map(({ oid }) => oid);
  if (COMPILED.includes(routine.language) || MADE_ITSELF.test(routine.body))
    return [...routine.needs, ...tables];
  const says = wordsIn(`${routine.body} ${routine.path}`);
  const calls = callsIn(routine.body);
  return [
    ...routine.needs,
    ...objects.tables
      .filter((table) => says(table.word) && isMeant(table, says))
      .map(({ oid }) => oid),
    ...objects.relations.filter(({ word }) => says(word)).map(({ oid }) => oid),
    ...objects.routines.filter(({ word }) => calls(word)).map(({ oid }) => oid),
  ];
}

/** The ledger's tables have everyday names: theirs count where their schema is named, too. */
function isMeant({ schema }: Guarded, says: (word: string) => boolean): boolean {
  return schema !== "migration" || says("migration");
}

function wordsIn(body: string): (word: string) => boolean {
  const text = body.toLowerCase();
  const words = new Set(text.match(/[\p{L}\p{N}_$]+/gu));
  return (word) =>
    isPlain(word) ? words.has(word.toLowerCase()) : text.includes(word.toLowerCase());
}

function callsIn(body: string): (word: string) => boolean {
  const text = body.toLowerCase();
  const called = new Set([...text.matchAll(/([\p{L}\p{N}_$]+)"?\s*\(/gu)].map(([, word]) => word));
  return (word) =>
    isPlain(word) ? called.has(word.toLowerCase()) : text.includes(word.toLowerCase());
}

function isPlain(word: string): boolean {
  return /^[\p{L}\p{N}_$]+$/u.test(word);
}
