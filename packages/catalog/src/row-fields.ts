/**
 * Fields of extraction rows. A column that both source shapes have must be in the row (`nullable`); one that a shape
 * may lack may be left out (`nullish`).
 */
import { z } from "zod";
import type { Link } from "./entity.ts";

/** A key of type numeric arrives in digits. */
const digits = z
  .string()
  .regex(/^-?\d{1,15}(?:\.0*)?$/)
  .transform(Number);

/** The key of the row: a number of the target's integers. */
export const id = z.union([z.int32(), digits.pipe(z.int32())]);
export const text = z.string().nullable();
export const optionalText = z.string().nullish();
/** A number that names a row of another table. One beyond the target's integers is no row that was moved. */
export const reference = z.union([z.int(), digits]).nullable();
export const optionalReference = z.union([z.int(), digits]).nullish();
/** A number of the source that becomes a key of the target. */
export const targetKey = id.nullable();

const SWITCHES: ReadonlyMap<string, boolean | null> = new Map([
  ...["t", "true", "y", "yes", "on", "1"].map((word) => [word, true] as const),
  ...["f", "false", "n", "no", "off", "0"].map((word) => [word, false] as const),
  ["", null],
]);

/** Switches are written as 0 and 1 and as words, too; `0.00` is numeric. */
const written = z.union([z.int(), z.string()]).transform((value, context) => {
  const word = String(value)
    .trim()
    .toLowerCase()
    .replace(/^([01])\.0*$/, "$1");
  const known = SWITCHES.get(word);
  if (known === undefined) context.addIssue("no switch");
  return known ?? null;
});
export const flag = z.union([z.boolean(), written]).nullable();
export const optionalFlag = z.union([z.boolean(), written]).nullish();
/** A code is a number in one shape and text in the other. */
export const code = z.union([z.int(), z.string()]).nullable();
export const optionalCode = z.union([z.int(), z.string()]).nullish();

/** Members that are NULL are none; `array_agg` over nothing is NULL itself. */
const members = z
  .array(z.int().nullable())
  .transform((all) => all.filter((member) => member !== null));
export const ids = members.nullable();
export const optionalIds = members.nullish();

/** A link to a parent; null where the source has none. */
export function link(
  entity: string,
  legacyId: number | null | undefined,
  inSource: boolean | null | undefined,
): Link | null {
  return legacyId === null || legacyId === undefined
    ? null
    : { entity, legacyId, inSource: inSource === true };
}
