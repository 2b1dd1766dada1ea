/** Text as the legacy application wrote it, and as we keep it. */

/** Space, tab, LF, VT, FF, CR, NBSP, ideographic space, BOM: what people and Excel leave around a value. Nothing else is cut. */
const BLANKS: ReadonlySet<number> = new Set([0x20, 9, 10, 11, 12, 13, 0xa0, 0x3000, 0xfeff]);

/** Cuts blanks at both ends; what is blank altogether becomes null. */
export function trimmed(value: string): string | null {
  let start = 0;
  let end = value.length;
  while (start < end && BLANKS.has(value.charCodeAt(start))) start += 1;
  while (end > start && BLANKS.has(value.charCodeAt(end - 1))) end -= 1;
  return start === end ? null : value.slice(start, end);
}

const LONE_SURROGATE = /\p{Surrogate}/u;
const LONE_SURROGATES = /\p{Surrogate}/gu;

/** Drops lone surrogates, which no UTF-8 database can hold. The same string if there are none. */
export function withoutLoneSurrogates(value: string): string {
  return LONE_SURROGATE.test(value) ? value.replace(LONE_SURROGATES, "") : value;
}

const EMAIL = /^[^@\s]+@[^@\s]+$/;

/** Whether a trimmed, lower-cased text is an e-mail address: something, one @, something. */
export function isEmail(value: string): boolean {
  return EMAIL.test(value);
}
