/** The second mapping: an entity's twin is a statement in `twins/`, written from the contract, of which the first mapping knows nothing. */
import { existsSync, readFileSync } from "node:fs";

const FOLDER = new URL("../twins/", import.meta.url);

/** The twin of an entity as its file says it; null where nobody has written one. */
export function twinOf(entity: string): string | null {
  const file = new URL(`${entity}.sql`, FOLDER);
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

/** The functions of the session in which twins run. */
export function twinWords(): string {
  return readFileSync(new URL("words.sql", FOLDER), "utf8");
}
