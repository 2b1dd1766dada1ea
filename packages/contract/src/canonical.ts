/** JSON of one form: the same facts are the same characters, so that a digest of them can be repeated. */

/** Members sorted by name at every depth, two blanks of indentation, a line end last. Lists keep their order. */
export function canonical(facts: unknown): string {
  return `${JSON.stringify(facts, sorted, 2)}\n`;
}

/** Members of one object, sorted by their code units. */
function sorted(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
}

/** The line of the page that names its JSON. */
export function digestLine(sha256: string): string {
  return `SHA-256 of the JSON file: ${sha256}`;
}
