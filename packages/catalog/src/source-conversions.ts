/**
 * How a field of a kind is read from a column of another type than the usual one: where each value is exactly one of the kind.
 * Every conversion is total: it never ends a statement, because one value would cost all rows. What has no exact value becomes
 * a mark that the row's reader refuses, never NULL. PostgreSQL 9.5 syntax, without backslashes (the source may read them).
 */
import { NOT_A_DATE, NOT_AN_INSTANT } from "./dates.ts";
import type { Kind } from "./source-fields.ts";
import { FAMILIES, type Family } from "./source-types.ts";

/** SQL that makes a value of the kind from the column. `zone`: a SQL literal, where times without a zone were written. */
type Conversion = (column: string, zone: string) => string;

/** The column is read as it is. */
export const asItIs: Conversion = (column) => column;

/** No integer: it is found nowhere, and no number of JavaScript is like it. */
const NOT_AN_INTEGER = "'-9223372036854775808'::bigint";

const EXACT = 9_007_199_254_740_992;

const trimmed = (column: string): string => `btrim(${column}::text)`;

/** A blank is NULL, as in every text of the source. `more`: further cases. */
const ofText = (
  column: string,
  pattern: string,
  value: string,
  otherwise: string,
  more = "",
): string =>
  `case when ${trimmed(column)} ~ '${pattern}' then ${value} ${more} when ${trimmed(column)} <> '' then ${otherwise} end`;

const WHOLE = "^[+-]?[0-9]{1,18}([.]0*)?$";
const wholePart = (column: string): string => `split_part(${trimmed(column)}, '.', 1)::bigint`;

/** A number without a fraction. NaN and the infinities are greater than the limit. */
const whole = (column: string, limit: number | string): string =>
  `${column} = trunc(${column}) and abs(${column}) < ${limit}`;

const integerOfNumber: Conversion = (column) =>
  `case when ${whole(column, EXACT)} then ${column}::bigint when ${column} is not null then ${NOT_AN_INTEGER} end`;
const integerOfText: Conversion = (column) =>
  ofText(column, WHOLE, wholePart(column), NOT_AN_INTEGER);

const codeOfNumber: Conversion = (column) =>
  `case when ${whole(column, EXACT)} then ${column}::float8 when ${column} is not null then 'NaN' end`;

const sizeOfNumber: Conversion = (column) =>
  `case when ${whole(column, "9223372036854775808")} then ${column}::bigint::text when ${column} is not null then 'no size' end`;
const sizeOfText: Conversion = (column) =>
  ofText(column, WHOLE, `${wholePart(column)}::text`, "'no size'");

const text: Conversion = (column) => `${column}::text`;

/** For regular expressions. */
const BACKSLASH = "chr(92) || chr(92)";
const PAIR = `${BACKSLASH} || 'u[dD][89abAB][0-9a-fA-F]{2}' || ${BACKSLASH} || 'u[dD][c-fC-F][0-9a-fA-F]{2}'`;
const NO_CHARACTER = `${BACKSLASH} || 'u(0000|[dD][89a-fA-F])'`;

/**
 * The string itself, without its quotes; NULL of null. What holds another value is read as its JSON, and so is an escape that is no
 * character, or none that the server must know: json takes what `#>>` refuses.
 */
export const textOfJson = (column: string): string =>
  `case when position(chr(92) || 'u' in ${column}::text) = 0
     or current_setting('server_encoding') = 'UTF8' and regexp_replace(${column}::text, ${PAIR}, '', 'g') !~ (${NO_CHARACTER})
   then ${column} #>> '{}' else ${column}::text end`;

const LEAP = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)";
const DAY = `(?!0000)([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|${LEAP}-02-29)`;
const TIME = "[t ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?";
const ZONE = " ?(z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)";

/** As PostgreSQL writes them: times, but none that happened here. */
const beyond = (lower: string, type: "date" | "timestamptz"): string =>
  `when ${lower} ~ '^-?infinity$| bc$' then '-infinity'::${type}`;

const dateOfText: Conversion = (column) => {
  const lower = `lower(${column}::text)`;
  const day = `left(${trimmed(column)}, 10)::date`;
  const more = beyond(trimmed(lower), "date");
  return ofText(lower, `^${DAY}(${TIME}(${ZONE})?)?$`, day, `date '${NOT_A_DATE}'`, more);
};
const instantOfText: Conversion = (column, zone) => {
  const lower = `lower(${column}::text)`;
  const local = `when ${trimmed(lower)} ~ '^${DAY}(${TIME})?$' then ${trimmed(column)}::timestamp at time zone ${zone}`;
  const more = `${local} ${beyond(trimmed(lower), "timestamptz")}`;
  const instant = `${trimmed(column)}::timestamptz`;
  return ofText(lower, `^${DAY}${TIME}${ZONE}$`, instant, `timestamptz '${NOT_AN_INSTANT}'`, more);
};

const TEXTS: Partial<Record<Family, Conversion>> = {
  text: asItIs,
  integer: text,
  numeric: text,
  float: text,
  uuid: text,
  date: text,
  timestamp: text,
  timestamptz: text,
};

/** What is not listed is not understood: preflight names it. */
const CONVERSIONS: Readonly<Record<Kind, Partial<Record<Family, Conversion>>>> = {
  key: { integer: asItIs, numeric: asItIs, float: asItIs },
  reference: {
    integer: asItIs,
    numeric: integerOfNumber,
    float: integerOfNumber,
    text: integerOfText,
  },
  code: { integer: asItIs, text: asItIs, uuid: asItIs, float: asItIs, numeric: codeOfNumber },
  size: { integer: asItIs, float: asItIs, numeric: sizeOfNumber, text: sizeOfText },
  flag: { boolean: asItIs, integer: asItIs, numeric: asItIs, float: asItIs, text: asItIs },
  text: { ...TEXTS, json: textOfJson },
  json: { ...TEXTS, json: text },
  mail: {
    text: asItIs,
    integer: asItIs,
    numeric: asItIs,
    float: asItIs,
    boolean: asItIs,
    uuid: asItIs,
    date: asItIs,
    timestamp: asItIs,
    timestamptz: asItIs,
    json: asItIs,
    other: asItIs,
  },
  date: {
    date: asItIs,
    timestamp: (column) => `${column}::date`,
    timestamptz: (column, zone) => `(${column} at time zone ${zone})::date`,
    text: dateOfText,
  },
  instant: {
    timestamptz: asItIs,
    timestamp: (column, zone) => `${column} at time zone ${zone}`,
    date: (column, zone) => `${column}::timestamp at time zone ${zone}`,
    text: instantOfText,
  },
};

/** How a field of that kind is read from a column of that family; undefined where it cannot be. */
export function conversionOf(kind: Kind, family: Family): Conversion | undefined {
  return CONVERSIONS[kind][family];
}

/** The families from which a field of that kind is read. */
export function familiesOf(kind: Kind): readonly Family[] {
  return FAMILIES.filter((family) => CONVERSIONS[kind][family] !== undefined);
}

const ON = "'t', 'true', 'y', 'yes', 'on', '1'";
const OFF = "'f', 'false', 'n', 'no', 'off', '0'";

/** The condition that a flag is on, whatever type it is of. */
export function isOn(flag: string, family: Family | undefined): string {
  if (family === "text") return `((lower(${trimmed(flag)}) in (${ON})) is true)`;
  return family === undefined || family === "boolean"
    ? `(${flag} is true)`
    : `((${flag} = 1) is true)`;
}

/** The condition that a flag is not off: on, NULL, or neither. */
export function isNotOff(flag: string, family: Family | undefined): string {
  if (family === "text") return `((lower(${trimmed(flag)}) in (${OFF})) is not true)`;
  return family === undefined || family === "boolean"
    ? `(${flag} is not false)`
    : `((${flag} = 0) is not true)`;
}

/** The condition that a flag is not on: off, NULL, or neither. */
export function isNotOn(flag: string, family: Family | undefined): string {
  if (family === "text") return `((lower(${trimmed(flag)}) in (${ON})) is not true)`;
  return family === undefined || family === "boolean"
    ? `(${flag} is not true)`
    : `((${flag} = 1) is not true)`;
}
