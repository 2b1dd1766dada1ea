/** How a column of the source is sent, and read as what a twin wants, whatever its type: a value that is none ends no statement. */
import { type Family, textOfJson } from "@nexus/catalog";
import { declaredType, type RawType } from "./raw-tables.ts";

/** SQL of the source that makes text of the column, and SQL of the target that reads the text. */
export interface Reading {
  send(column: string, zone: string): string;
  read(text: string, zone: string): string;
  /** A value may be none of the wanted type: what is sent and read as NULL is remembered as unfit. */
  readonly total?: true;
}

const asText = (column: string): string => `${column}::text`;

const plain = (type: RawType): Reading => ({ send: asText, read: (text) => `${text}::${type}` });
const total = (read: Reading["read"], send: Reading["send"] = asText): Reading => ({
  send,
  read,
  total: true,
});
const sentAs = (type: RawType, send: Reading["send"]): Reading => ({ ...plain(type), send });

const NOTHING: Reading = { send: () => "null::text", read: (text) => `${text}::text` };

const words: Reading = { send: asText, read: (text) => text };
const whole = (type: RawType): Reading => total((text) => `pg_temp.whole(${text})::${type}`);
const flag = total((text) => `pg_temp.flag(${text})`);
const word = sentAs("jsonb", (column) => `to_json(${column}::text)::text`);

/** Beyond 2^53 a number of JSON is not exact everywhere: such a code is kept in quotes. */
const number = sentAs(
  "jsonb",
  (column) =>
    `case when ${column} between -9007199254740991 and 9007199254740991 then ${column}::text else to_json(${column}::text)::text end`,
);

type Readings = Partial<Record<Family, Reading>> & { readonly otherwise: Reading };

const READINGS: Readonly<Record<RawType, Readings>> = {
  bigint: { integer: plain("bigint"), otherwise: whole("bigint") },
  numeric: { integer: plain("numeric"), otherwise: whole("numeric") },
  boolean: { boolean: plain("boolean"), otherwise: flag },
  text: { json: { ...words, send: textOfJson }, otherwise: words },
  json: { otherwise: words },
  varchar: { text: words, otherwise: NOTHING },
  jsonb: {
    integer: number,
    numeric: total((text) => `to_jsonb(pg_temp.whole(${text}))`),
    float: total((text) => `to_jsonb(pg_temp.whole(${text}))`),
    otherwise: word,
  },
  date: {
    date: plain("date"),
    timestamp: sentAs("date", (column) => `${column}::date::text`),
    timestamptz: sentAs("date", (column, zone) => `(${column} at time zone ${zone})::date::text`),
    otherwise: total((text) => `pg_temp.day(${text})`),
  },
  timestamptz: {
    timestamptz: plain("timestamptz"),
    timestamp: sentAs("timestamptz", (column, zone) => `(${column} at time zone ${zone})::text`),
    date: sentAs(
      "timestamptz",
      (column, zone) => `(${column}::timestamp at time zone ${zone})::text`,
    ),
    otherwise: total((text, zone) => `pg_temp.moment(${text}, ${zone})`),
  },
};

/** How a column of that family is read as that type. A column that the source has not is NULL. */
export function readingOf(type: RawType, family: Family | undefined): Reading {
  if (family === undefined) return { ...NOTHING, read: (text) => `${text}::${declaredType(type)}` };
  return READINGS[type][family] ?? READINGS[type].otherwise;
}

/** The column as a whole number, to be found by. */
export function asKey(column: string, family: Family | undefined): string {
  if (family === "integer" || family === "numeric" || family === "float") return column;
  const digits = `btrim(${column}::text)`;
  return `(case when ${digits} ~ '^[+-]?[0-9]{1,18}([.]0*)?$' then split_part(${digits}, '.', 1)::bigint end)`;
}
