/** Types of the source's columns, in families that are read in the same way. */

/** `other`: what no field of the mapping can be read from. */
export const FAMILIES = [
  "integer",
  "numeric",
  "float",
  "boolean",
  "text",
  "uuid",
  "date",
  "timestamp",
  "timestamptz",
  "json",
  "other",
] as const;

export type Family = (typeof FAMILIES)[number];

/** By the type's name as `format_type` prints it. An array ends in `[]` and is none of them. */
const NAMES: readonly (readonly [Family, RegExp])[] = [
  ["integer", /^(?:smallint|integer|bigint|int|int[248])$/],
  ["numeric", /^(?:numeric|decimal)\b/],
  ["float", /^(?:real|double precision|float[48])$/],
  ["boolean", /^bool(?:ean)?$/],
  ["text", /^(?:text|character|varchar|char|bpchar|citext|name|"char")(?![a-z])/],
  ["uuid", /^uuid$/],
  ["date", /^date$/],
  ["timestamptz", /^timestamp.* with time zone$|^timestamptz/],
  ["timestamp", /^timestamp/],
  ["json", /^jsonb?$/],
];

/** The categories of `pg_type` whose values are written as text: strings (citext in whatever schema it lives) and enums. */
const TEXT_CATEGORIES: ReadonlySet<string> = new Set(["S", "E"]);

/** The family of a type. `category`: its `typcategory`, which tells the types that extensions brought. */
export function familyOf(type: string, category?: string): Family {
  if (type.endsWith("[]")) return "other";
  const named = NAMES.find(([, name]) => name.test(type))?.[0];
  return named ?? (TEXT_CATEGORIES.has(category ?? "") ? "text" : "other");
}

/** The types of a family, as people write them. */
export const TYPES_IN_WORDS: Readonly<Record<Family, string>> = {
  integer: "smallint, integer, bigint",
  numeric: "numeric",
  float: "real, double precision",
  boolean: "boolean",
  text: "text of any kind",
  uuid: "uuid",
  date: "date",
  timestamp: "timestamp without time zone",
  timestamptz: "timestamp with time zone",
  json: "json, jsonb",
  other: "any other",
};
