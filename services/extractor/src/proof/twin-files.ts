/** The twins as they are written in the catalog's folder. */
import { existsSync, readFileSync } from "node:fs";
import { type Entity, twinsFolder } from "@nexus/catalog";

/** The twin of an entity; null where nobody has written one. */
export function twinOf({ name }: Pick<Entity, "name">): string | null {
  const file = new URL(`${name}.sql`, twinsFolder);
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

/** The functions of the session in which twins run. */
export function twinWords(): string {
  return readFileSync(new URL("words.sql", twinsFolder), "utf8");
}
