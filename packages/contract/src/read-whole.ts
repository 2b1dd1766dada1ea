/** Why a delta reads all of an entity, in words. */

const WORDS: Readonly<Record<string, string>> = {
  no_fingerprints: "nothing is known of how its rows were",
  fingerprints_off: "no fingerprints are taken",
  other_circumstances:
    "the mapping, its codes, an encoding or a table is another one than when it was loaded",
  target_lacks_rows: "the target lacks rows that were loaded",
};

/** A code of `readWhole`; one of another release stays a code. */
export function wholeInWords(code: string): string {
  return WORDS[code] ?? code;
}
