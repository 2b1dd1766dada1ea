/** How values of PostgreSQL become values of JavaScript: exactly, or left as text. */
import { types } from "pg";

const { builtins } = types;

const parsers = new Map<number, (text: string) => unknown>([
  [builtins.BOOL, (text) => text === "t"],
  [builtins.INT2, Number],
  [builtins.INT4, Number],
  [builtins.INT8, safeInteger],
  [builtins.OID, Number],
  [builtins.FLOAT4, Number],
  [builtins.FLOAT8, Number],
  ...[1005, 1007, 1016, 1021, 1022, 1231].map((array) => [array, numbers] as const),
]);

const asText = (text: string): string => text;

/** The parser of a type: booleans, integers, floats and arrays of numbers are parsed, everything else stays text. */
export function byOid(oid: number): (text: string) => unknown {
  return parsers.get(oid) ?? asText;
}

/** int8 as a number; beyond 2^53 it stays text, because a number would lie. */
function safeInteger(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

/** Arrays of numbers of any type. A member beyond 2^53 stays text, as it does alone. */
function numbers(text: string): (number | string | null)[] {
  return text === "{}" ? [] : text.slice(1, -1).split(",").map(member);
}

function member(text: string): number | string | null {
  return text === "NULL" ? null : /^-?\d+$/.test(text) ? safeInteger(text) : Number(text);
}
