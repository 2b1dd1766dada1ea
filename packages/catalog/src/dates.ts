/**
 * Dates and instants in PostgreSQL's text output (DateStyle ISO, TimeZone UTC). They stay text throughout:
 * a JavaScript Date would lose the microseconds.
 */

const INSTANT = /^(\d{4,6}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(\+00)?$/;
const DATE = /^\d{4,7}-\d\d-\d\d$/;
/** `infinity` and years BC: a time, but none that happened here. */
const BEYOND = /^-?infinity$| BC$/;
const FIRST_YEAR = 1900;

/** What the extraction gives in place of a text that is no date, or no instant: days that nobody writes. */
export const NOT_A_DATE = "4713-01-01 BC";
export const NOT_AN_INSTANT = "4713-01-01 00:00:00+00 BC";

/** A usable value, or the code of the note that says why it is not. */
export type Dated =
  | { readonly value: string }
  | { readonly problem: "date_out_of_range" | "date_invalid" };

/** An instant from 1900 on, finite and in UTC. `timestamp` without a zone is taken as UTC. */
export function checkedInstant(text: string): Dated {
  const match = INSTANT.exec(text);
  if (text === NOT_AN_INSTANT) return { problem: "date_invalid" };
  if (match === null) return { problem: BEYOND.test(text) ? "date_out_of_range" : "date_invalid" };
  if (yearOf(text) < FIRST_YEAR) return { problem: "date_out_of_range" };
  return { value: match[4] === undefined ? `${text}+00` : text };
}

/** A date from 1900 on and, for a birth, not after `today` (YYYY-MM-DD). */
export function checkedDate(text: string, today: string | null): Dated {
  if (text === NOT_A_DATE) return { problem: "date_invalid" };
  if (!DATE.test(text))
    return { problem: BEYOND.test(text) ? "date_out_of_range" : "date_invalid" };
  const late = today !== null && (yearOf(text) > 9999 || text > today);
  return late || yearOf(text) < FIRST_YEAR ? { problem: "date_out_of_range" } : { value: text };
}

/** Years that a migration goes on at most. */
const YEARS = 10;

/** Whether a birth (YYYY-MM-DD) that lies in the future today will not while the migration goes on: a later one stays wrong. */
export function isYetToCome(text: string, today: string): boolean {
  const [year, last] = [yearOf(text), yearOf(today) + YEARS];
  return DATE.test(text) && text > today && year <= Math.min(last, 9999);
}

/** A checked instant as in JSON: UTC, ISO 8601, always six decimals. */
export function isoInstant(instant: string | null): string | null {
  const match = instant === null ? null : INSTANT.exec(instant);
  return match === null ? null : `${match[1]}T${match[2]}.${(match[3] ?? "").padEnd(6, "0")}Z`;
}

function yearOf(text: string): number {
  return Number.parseInt(text, 10);
}
