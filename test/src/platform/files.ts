/** The repository's own files, as whoever deploys it finds them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import type { z } from "zod";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** A file of the repository. */
export const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** YAML, merge keys (`<<`) included, in the shape that the test relies on. */
export function yaml<T>(text: string, shape: z.ZodType<T>): T {
  const document: unknown = parse(text, { merge: true });
  return shape.parse(document);
}
