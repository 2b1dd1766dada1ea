/** Parts that several routes share. Numbers in addresses are text: a pattern says which. */
import { z } from "zod";

/** A body that may be left out, and that refuses members it does not know by naming those that it does. */
export function optionalBody<S extends z.ZodRawShape>(shape: S) {
  return requiredBody(shape).nullish();
}

/** A body that refuses members it does not know by naming those that it does. */
export function requiredBody<S extends z.ZodRawShape>(shape: S) {
  const known = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `${issue.keys?.join(", ")} is not known; known are ${known}`
        : undefined,
  });
}

/** Text that PostgreSQL can hold: no NUL, no half of a character. */
export function text(max: number) {
  return z
    .string()
    .max(max)
    .regex(/^[^\0\ud800-\udfff]*$/u, "holds a character that is none");
}

/** Why something is done: kept in the audit log. */
export const reason = text(500)
  .trim()
  .min(1)
  .meta({ description: "Why this is done. It is kept in the audit log." });

/** `leaveStrangers` of a start. */
export const leaveStrangers = reason.optional().meta({
  description:
    "Why rows of the target without a legacy key may stay beside what is loaded. Without it a run is refused while there are such rows that nobody has decided about.",
});

/** `afterCutover` of a start. */
export const afterCutover = z.boolean().optional().meta({
  description:
    "The target was handed over, and people write in it: the run writes nevertheless, and may overwrite what they wrote. Without it a run is refused then.",
});

/** The code of a reason, or what looks like one. */
export const reasonCode = z.string().regex(/^\w{1,100}$/, "must be a reason's code");

export const runParams = z.object({
  id: z
    .string()
    .regex(/^\d{1,9}$/, "must be the number of a run")
    .transform(Number),
});

/** The name of an entity, or what looks like one. */
export const entityName = z.string().regex(/^\w{1,63}$/, "must be a name");
export const entityParams = z.object({ entity: entityName });

/** The greatest and the least key that PostgreSQL can hold. */
const INT8 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/** Whether text is a whole number that a bigint of PostgreSQL holds. */
export function isInt8(digits: string): boolean {
  if (!/^-?\d{1,19}$/.test(digits)) return false;
  const value = BigInt(digits);
  return value >= INT8.min && value <= INT8.max;
}

/** The key of a source row in an answer. */
export const sourceKey = z.union([z.int(), z.string().regex(/^-?\d+$/)]).meta({
  description: "The key of a source row: a number, or text where the number is beyond 2^53.",
});

const ROW_KEY = "must be the key of a source row: a whole number from -2147483648 to 2147483647";

/** The key of a source row in an address: one that can be in the target, which keeps integers of PostgreSQL. */
export const rowKey = z
  .string()
  .regex(/^-?\d{1,10}$/, ROW_KEY)
  .transform(Number)
  .pipe(z.number().min(-2_147_483_648, ROW_KEY).max(2_147_483_647, ROW_KEY));

/** A whole number in an address. */
export function wholeNumber(what: string, min: number, max: number) {
  const message = `must be ${what}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .pipe(z.number().min(min, message).max(max, message));
}

/** The query of a list: its filters, and which page. */
export function listQuery<S extends z.ZodRawShape>(filters: S) {
  return z.strictObject({
    ...filters,
    limit: wholeNumber("a number from 1 to 1000", 1, 1_000).optional(),
    cursor: z
      .string()
      .regex(/^[\w-]{1,64}$/, "must be the `next` of the page before")
      .optional()
      .meta({ description: "The `next` of the previous page." }),
  });
}

/** A page of a list. */
export function pageOf<S extends z.ZodType>(item: S) {
  return z.object({
    items: z.array(item),
    next: z
      .string()
      .nullable()
      .meta({ description: "The cursor of the next page. Null on the last page." }),
  });
}

export const instant = z.string().meta({ format: "date-time" });
