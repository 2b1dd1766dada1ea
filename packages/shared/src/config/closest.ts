import { distance } from "fastest-levenshtein";

/** The known word nearest to a mistyped one: at most two edits away, and only among words long enough to tell. */
export function closest(word: string, known: readonly string[]): string | undefined {
  const near = known
    .filter((candidate) => Math.min(word.length, candidate.length) >= 5)
    .map((candidate) => ({ candidate, edits: distance(word, candidate) }))
    .filter(({ edits }) => edits <= 2)
    .sort((a, b) => a.edits - b.edits);
  return near[0]?.candidate;
}
