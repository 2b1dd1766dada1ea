/** The kinds of environment variables that services read. Each says its meaning, its default and its danger. */
import { z } from "zod";
import { databaseUrlFault, queueUrlFault } from "./connection-url.ts";

/** One environment variable: how it is parsed, and what a person must know of it. */
export interface Variable<T> {
  readonly schema: z.ZodType<T>;
  readonly meaning: string;
  /** As it would be written in the environment; absent = the variable is required, or optional if the schema says so. */
  readonly fallback?: string;
  readonly danger?: string;
  /** It holds a password, a key, or what opens a door. */
  readonly secret?: true;
}

type Words = Pick<Variable<unknown>, "meaning" | "fallback" | "danger" | "secret">;

/** A whole number within bounds. */
export function number(min: number, max: number, words: Words): Variable<number> {
  const message = `must be a whole number from ${min} to ${max}`;
  const schema = z
    .string()
    .regex(/^-?\d+$/, message)
    .transform(Number)
    .pipe(z.number().min(min, message).max(max, message));
  return { schema, ...words };
}

/** A whole number within bounds, or absent. */
export function optionalNumber(
  min: number,
  max: number,
  words: Words,
): Variable<number | undefined> {
  const { schema } = number(min, max, words);
  return { schema: schema.optional(), ...words };
}

/** `true` or `false`. */
export function boolean(words: Words): Variable<boolean> {
  const schema = z
    .enum(["true", "false"], "must be true or false")
    .transform((value) => value === "true");
  return { schema, ...words };
}

/** One of a few words. */
export function choice<const T extends string>(values: readonly T[], words: Words): Variable<T> {
  return { schema: z.enum(values, `must be one of ${values.join(", ")}`), ...words };
}

/** One of a few words, or absent. */
export function optionalChoice<const T extends string>(
  values: readonly T[],
  words: Words,
): Variable<T | undefined> {
  return { schema: z.enum(values, `must be one of ${values.join(", ")}`).optional(), ...words };
}

/** A label of the Encoding standard, or PostgreSQL's name for one (WIN1252); or absent. */
export function encoding(words: Words): Variable<string | undefined> {
  const message = "must be an encoding like windows-1252, iso-8859-15, utf-8 or shift_jis";
  const schema = z
    .string()
    .transform((name) => name.toLowerCase().replace(/^win(?=\d)/, "windows-"))
    .refine(isEncoding, message)
    .optional();
  return { schema, ...words };
}

function isEncoding(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== "";
  } catch {
    return false;
  }
}

/** Free text. */
export function text(words: Words): Variable<string> {
  return { schema: z.string().min(1), ...words };
}

/** Free text that may be absent. */
export function optionalText(words: Words): Variable<string | undefined> {
  return { schema: z.string().min(1).optional(), ...words };
}

/** A time zone by its name, or absent. `UTC+7` and `PST8` are refused: PostgreSQL reads their sign the other way round. */
export function timezone(words: Words): Variable<string | undefined> {
  const schema = z
    .string()
    .regex(
      /^(?:UTC|[A-Za-z_]+(?:\/[A-Za-z0-9_+-]+)+)$/,
      "must be a zone's name, like US/Pacific or UTC",
    )
    .optional();
  return { schema, ...words };
}

/** postgres://… with a database name. Port 6543 is refused: a transaction pooler breaks what we rely on. */
export function databaseUrl(words: Words): Variable<string> {
  return { schema: textWithout(databaseUrlFault), ...words, secret: true };
}

/** Text of which `faultOf` says in words what is wrong with it; undefined: nothing. */
export function checkedText(
  faultOf: (value: string) => string | undefined,
  words: Words,
): Variable<string> {
  return { schema: textWithout(faultOf), ...words };
}

/** redis://…, rediss://… or postgres://… */
export function queueUrl(words: Words): Variable<string> {
  return { schema: textWithout(queueUrlFault), ...words, secret: true };
}

/** The same, or absent. */
export function optionalQueueUrl(words: Words): Variable<string | undefined> {
  return { schema: queueUrl(words).schema.optional(), ...words, secret: true };
}

function textWithout(faultOf: (value: string) => string | undefined): z.ZodType<string> {
  return z.string().superRefine((value, context) => {
    const message = faultOf(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
}
