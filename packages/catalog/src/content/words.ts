/** From values of the target to words: what people wrote and what labels mean, without addresses and without what we made up. */

import { withoutMarkup } from "./markup.ts";

/** Names of ours and bare numbers tell nothing: `Case 52`, `Project 7`, `Template 5`, `CASE-000052`, `4711`, a UUID. */
const TELLS_NOTHING =
  /^(?:(?:case|project|template)[ -]?\d+|[\d\s.,:#/_-]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/**
 * E-mail addresses; telephone numbers in the international form, or with an area code in brackets. Teeth are numbers, too: `11 12 13`
 * stays. An address begins where a word begins: else each character of a long word would be tried as its beginning.
 */
const ADDRESSES =
  /(?<![^\s@<>(),;:])[^\s@<>(),;:]+@[^\s@<>(),;:]+|\+\d[\d\s().-]{6,}\d|\(\d{2,5}\)\s?\d[\d\s-]{4,}\d/g;

/** A text that people wrote: one form of Unicode, one kind of line end and of space, no addresses. Null if nothing is left. */
export function written(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const clean = withoutMarkup(value)
    .normalize("NFC")
    .replace(ADDRESSES, " ")
    .replace(/\r\n?/g, "\n")
    .replace(/[^\S\n]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .trim();
  return clean === "" ? null : clean;
}

/** A name that people gave, not one that we or the legacy system made of a number. */
export function named(value: unknown): string | null {
  const name = written(value);
  return name === null || TELLS_NOTHING.test(name) ? null : name;
}

/** A label of an enum as words: `treatment_plan` is `treatment plan`. */
export function label(value: string | null): string | null {
  return value === null ? null : value.replaceAll("_", " ");
}

/** `heading: words`, or null without words. */
export function line(heading: string, words: string | null): string | null {
  return words === null ? null : `${heading}: ${words}`;
}

/** A member of a JSON object; undefined where there is no such object or member. */
export function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
