import { labelOf, type Codes } from "./codes.ts";
import { checkedDate, checkedInstant, type Dated, isYetToCome } from "./dates.ts";
import type { Columns } from "./column.ts";
import type { Link, Mapping, Note, Parent, ParentLookup } from "./entity.ts";
import { RowParked, RowRejected } from "./row-errors.ts";
import { isEmail, trimmed, withoutLoneSurrogates } from "./text.ts";

/** What one row is mapped with. */
interface RowContext {
  readonly columns: Columns;
  readonly links: Readonly<Record<string, Link | null>>;
  readonly parents: ParentLookup;
  readonly codes: Codes;
}

/** What a mapping says of its row beside the values. */
export interface Said {
  readonly notes: Note[];
  /** On a later day the same row is mapped to something else. */
  isProvisional: boolean;
}

/** The mapping of one row; its notes are added to what is `said`, each once. `parent` throws `RowParked` and `RowRejected`. */
export function mappingOf(context: RowContext, said: Said): Mapping {
  const { notes } = said;
  const note = (code: string, column: string): void => {
    const known = notes.some((one) => one.code === code && one.column === column);
    if (!known) notes.push({ code, column });
  };
  const text = (value: string | null | undefined, column: string) => textOf(value, column, note);
  return {
    codes: context.codes,
    note,
    text,
    parent: (name) => parentOf(context, name, note),
    parentId: (name) => parentOf(context, name, note)?.id ?? null,
    email: (value, column) => emailOf(text(value, column), column, note),
    date: (value, column, kind) =>
      dated(value, column, note, (text) => {
        if (kind !== "birth") return checkedDate(text, null);
        const now = today();
        if (isYetToCome(text, now)) said.isProvisional = true;
        return checkedDate(text, now);
      }),
    instant: (value, column) => dated(value, column, note, checkedInstant),
    code(map, value, column) {
      const label = labelOf(context.codes.maps[map], value);
      if (label === undefined) note("code_unknown", column);
      return label ?? context.codes.maps[map].default;
    },
  };
}

type AddNote = Mapping["note"];

function parentOf(
  { links, columns, parents }: RowContext,
  name: string,
  note: AddNote,
): Parent | null {
  const link = links[name] ?? null;
  if (link === null) return null;
  if (link.inSource) {
    const parent = parents(link.entity, link.legacyId);
    if (parent === undefined) throw new RowParked(link.entity, link.legacyId);
    return parent;
  }
  const column = columns[name];
  if (column?.required === true) throw new RowRejected(`${name}_dangling`, name);
  if (column !== undefined) note(`${name}_dangling`, name);
  return null;
}

function textOf(value: string | null | undefined, column: string, note: AddNote): string | null {
  if (value === null || value === undefined) return null;
  const repaired = withoutLoneSurrogates(value);
  if (repaired.length !== value.length) note("text_repaired", column);
  return trimmed(repaired);
}

function emailOf(text: string | null, column: string, note: AddNote): string | null {
  if (text === null) return null;
  const email = text.toLowerCase();
  if (isEmail(email)) return email;
  note("email_invalid", column);
  return null;
}

function dated(
  value: string | null | undefined,
  column: string,
  note: AddNote,
  check: (text: string) => Dated,
): string | null {
  if (value === null || value === undefined) return null;
  const checked = check(value);
  if ("value" in checked) return checked.value;
  note(checked.problem, column);
  return null;
}

/** The only clock of the mapping: a birth date cannot lie in the future. */
function today(): string {
  return new Date().toISOString().slice(0, 10);
}
