/**
 * Would PostgreSQL's `text::jsonb` accept a text? It parses the same grammar as JSON.parse, then refuses what jsonb
 * cannot store: U+0000, halves of surrogate pairs, and numbers beyond `numeric`.
 */

const ESCAPED_BACKSLASH = /\\\\/g;
const SURROGATE_PAIR = /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}/g;
const UNSTORABLE_ESCAPE = /\\u(?:0000|[dD][89a-fA-F])/;
/** Two simple patterns: one for whole strings would overflow its stack on megabytes of escapes. */
const ESCAPE = /\\./g;
const STRING = /"[^"]*"/g;
const EXPONENT = /\d[eE]/;
const NUMBER = /-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?/g;

const DIGITS_BEFORE_POINT = 131_072;
const DIGITS_AFTER_POINT = 16_383;
const EXPONENT_LIMIT = 1_073_741_823;
/** PostgreSQL stops at some thousands, by its stack; an embedded one does not survive that. We stop well before. */
const DEPTH_LIMIT = 1_000;

/** True if the text can be cast to jsonb. Nesting deeper than 1,000 is refused. */
export function isJsonb(text: string): boolean {
  if (!isJson(text) || !storableEscapes(text)) return false;
  const bare = text.replace(ESCAPE, "").replace(STRING, '""');
  return storableNumbers(bare) && (bare.length <= 2 * DEPTH_LIMIT || depthOf(bare) <= DEPTH_LIMIT);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function storableEscapes(text: string): boolean {
  if (!text.includes("\\u")) return true;
  return !UNSTORABLE_ESCAPE.test(
    text.replace(ESCAPED_BACKSLASH, "  ").replace(SURROGATE_PAIR, "  "),
  );
}

function storableNumbers(bare: string): boolean {
  if (bare.length <= DIGITS_AFTER_POINT && !EXPONENT.test(bare)) return true;
  for (const [, whole = "", fraction = "", exponent = "0"] of bare.matchAll(NUMBER)) {
    if (!isNumeric(whole, fraction, Number(exponent))) return false;
  }
  return true;
}

/** The bounds of `numeric`: its leading digit's place, its digits after the point, its exponent as written. */
function isNumeric(whole: string, fraction: string, exponent: number): boolean {
  if (Math.abs(exponent) >= EXPONENT_LIMIT) return false;
  if (fraction.length - exponent > DIGITS_AFTER_POINT) return false;
  const leadingZeros = (whole + fraction).search(/[1-9]/);
  return leadingZeros === -1 || whole.length - leadingZeros + exponent <= DIGITS_BEFORE_POINT;
}

function depthOf(bare: string): number {
  let depth = 0;
  let deepest = 0;
  for (let index = 0; index < bare.length; index += 1) {
    const character = bare[index];
    if (character === "[" || character === "{") deepest = Math.max(deepest, (depth += 1));
    else if (character === "]" || character === "}") depth -= 1;
  }
  return deepest;
}
