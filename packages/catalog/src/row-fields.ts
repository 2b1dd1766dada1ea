/**
 * Fields of extraction rows. A column that both source shapes have must be in the row (`nullable`); one that a shape
 * may lack may be left out (`nullish`).
 */
import { z } from "zod";
import type { Link } from "./entity.ts";

export const id = z.int32();
export const text = z.string().nullable();
export const optionalText = z.string().nullish();
export const reference = z.int32().nullable();
export const optionalReference = z.int32().nullish();
export const flag = z.boolean().nullable();
export const optionalFlag = z.boolean().nullish();
/** A code is a number in one shape and text in the other. */
export const code = z.union([z.int(), z.string()]).nullable();
export const optionalCode = z.union([z.int(), z.string()]).nullish();
/** `array_agg` over nothing is NULL. */
export const ids = z.array(z.int32()).nullable();
export const optionalIds = z.array(z.int32()).nullish();

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
