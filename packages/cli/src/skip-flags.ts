/** `--skip-…` of what is not here: old command lines keep working, and nothing is loaded that somebody meant to leave out. */
import { closest } from "@nexus/shared/config";

/** Things of the legacy application that we do not move, though their names look like ours. */
const ELSEWHERE: readonly string[] = ["products", "tasks"];

/** What the legacy database calls the things that we move. */
const LEGACY_NAMES: Readonly<Record<string, string>> = {
  offices: "practices",
  users: "profiles",
  doctors: "practice-members",
};

/** A name that came after `--skip-` and is not ours. */
export interface ForeignSkip {
  readonly name: string;
  /** Ours that may be meant; undefined: there is nothing of that name to skip. */
  readonly meant: string | undefined;
}

/** The skip flags of a command line that are not among ours. */
export function foreignSkips(given: readonly string[], ours: readonly string[]): ForeignSkip[] {
  const names = given.flatMap((one) => /^--skip-([a-z]+(?:-[a-z]+)*)$/.exec(one)?.[1] ?? []);
  return [...new Set(names)]
    .filter((name) => !ours.includes(name))
    .map((name) => ({ name, meant: meantBy(name, ours) }));
}

/** Refused are our names by another word, misspelt by two letters at most, and parts of them: `offices`, `pacients`, `members`. */
function meantBy(name: string, ours: readonly string[]): string | undefined {
  if (ELSEWHERE.includes(name)) return undefined;
  const parts = partsOf(name);
  return (
    LEGACY_NAMES[name] ??
    closest(name, ours) ??
    ours.find((one) => parts.every((part) => partsOf(one).includes(part)))
  );
}

function partsOf(name: string): string[] {
  return name.split("-").map((part) => part.replace(/s$/, ""));
}
