import { defineComposer, json } from "./composer.ts";
import { label, line, written } from "./words.ts";

/** A patient: the medical history, and nothing that tells who it is. Codes of the legacy system (`legacy`) are numbers, not words. */
export const composePatient = defineComposer(
  "patient",
  { medical_history: json },
  ({ medical_history }) =>
    Object.entries(isObject(medical_history) ? medical_history : {})
      .filter(([name]) => name !== "legacy")
      .flatMap(([name, value]) => [...tell(wordsOf(name), value)]),
);

/** Members that name a person, say where or how to reach one, when one was born, or which row this is. */
const PERSONAL =
  /name|mail|phone|mobile|\bfax\b|contact|address|street|city|\bzip\b|postal|birth|\bdob\b|\bage\b|\bssn\b|insurance|passport|\b(?:uu|u)?id$/i;

/** A line for each value of a tree, headed by the path to it. Empty values say nothing. */
function* tell(path: string, value: unknown): Generator<string | null> {
  if (PERSONAL.test(path)) return;
  if (Array.isArray(value)) yield* tellList(path, value);
  else if (isObject(value))
    for (const [name, inner] of Object.entries(value))
      yield* tell(`${path} ${wordsOf(name)}`, inner);
  else if (typeof value === "string") yield line(path, written(value));
  else if (typeof value === "number" || value === true) yield line(path, String(value));
}

/** Plain values of a list share a line. */
function* tellList(path: string, list: readonly unknown[]): Generator<string | null> {
  const plain = list.filter((value) => typeof value === "string" || typeof value === "number");
  yield line(path, written(plain.join(", ")));
  for (const value of list) if (isObject(value) || Array.isArray(value)) yield* tell(path, value);
}

/** `dateOfBirth` and `date_of_birth` are the same words. */
function wordsOf(name: string): string {
  return label(name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()) ?? "";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
