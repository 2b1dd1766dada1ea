/** What a note says of a row that was loaded: whether a value of the source is missing in the target. */
import { ofCode } from "./reasons.ts";

/** `lost`: the target has NULL or a default where the source has a value. `kept`: the value is there in other form, or the source has none. */
export type NoteKind = "lost" | "kept";

/** Every note that the mapping makes; `*` stands for a column. */
const NOTES: Readonly<Record<string, NoteKind>> = {
  code_unknown: "lost",
  date_invalid: "lost",
  date_out_of_range: "lost",
  email_invalid: "lost",
  size_invalid: "lost",
  "*_dangling": "lost",
  json_invalid: "kept", // As text, beside what was understood.
  name_missing: "kept",
  patient_unresolved: "kept", // Of half of all cases (48 % of the sample): many have no patient in the source.
  practice_inferred: "kept",
  practice_unresolved: "kept",
  text_repaired: "kept", // Halves of characters mean nothing.
};

/** The kind of a note. One that nobody knows is taken for a loss: it is looked at then. */
export function noteKind(code: string): NoteKind {
  return ofCode(NOTES, code) ?? "lost";
}
