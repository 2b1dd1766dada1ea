/** Cuts a text that is too long for the model: at paragraphs, else at lines, else at sentences, else at words. The time is linear in its length. */
import { MAX_CHARACTERS, MAX_TOKENS } from "./text-limits.ts";

/** A margin to the model's limits: only the model itself can count its tokens. */
const LIMITS = { characters: 0.8 * MAX_CHARACTERS, tokens: 0.9 * MAX_TOKENS };

/** Where a text may be cut, the best places first. What stands before a place stays with the piece it ends. */
const BORDERS: readonly RegExp[] = [
  // The character that follows goes first: else each space of a long gap would look back over all before it.
  /(?=\S)(?<=\n\s*\n)/,
  /(?<=\n)/,
  /(?<=[.!?…]["')\]]?\s)|(?<=[。！？])/u,
  /(?<=\s)/,
];

/** The chunks of `text`, in order, each within the model's limits and none blank. A text within the limits is one chunk, a blank one none. */
export function chunk(text: string): string[] {
  return split(text, 0)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== "");
}

function split(text: string, level: number): string[] {
  if (fits(text.length, tokensAtMost(text))) return [text];
  const border = BORDERS[level];
  if (border === undefined) return halves(text).flatMap((half) => split(half, level));
  return packed(text.split(border)).flatMap((piece) => split(piece, level + 1));
}

/** Joins neighbours as long as they fit together, so that chunks are few. */
function packed(pieces: readonly string[]): string[] {
  const full: string[] = [];
  let open = "";
  let tokens = 0;
  for (const piece of pieces) {
    const more = tokensAtMost(piece);
    if (open !== "" && !fits(open.length + piece.length, tokens + more)) {
      full.push(open);
      open = "";
      tokens = 0;
    }
    open += piece;
    tokens += more;
  }
  return [...full, open];
}

/** A word longer than the limit, between two characters of it. */
function halves(text: string): string[] {
  const characters = Array.from(text);
  const middle = Math.ceil(characters.length / 2);
  return [characters.slice(0, middle).join(""), characters.slice(middle).join("")];
}

function fits(characters: number, tokens: number): boolean {
  return characters <= LIMITS.characters && tokens <= LIMITS.tokens;
}

/** Words are shorter; what is longer is no word, and may have a token to each character: base64, digits, hashes. */
const LONGEST_WORD = 24;

/**
 * More than the model counts. English has 4.7 characters to a token; digits may have a token each, and so may capitals and signs that
 * follow each other, and whatever is no word; other scripts may have more than one.
 */
function tokensAtMost(text: string): number {
  let tokens = 0;
  let [run, ofRun] = [0, 0];
  let before = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isInWord(code)) {
      run += 1;
      ofRun += isOneOfWord(code, before) ? PER_CHARACTER : 1;
    } else {
      tokens += (run > LONGEST_WORD ? run : ofRun) + (code > 0x7f ? 1.3 : PER_CHARACTER);
      [run, ofRun] = [0, 0];
    }
    before = code;
  }
  return tokens + (run > LONGEST_WORD ? run : ofRun);
}

/** Tokens of a character of a word. */
const PER_CHARACTER = 1 / 3.5;

/** Printable ASCII. */
function isInWord(code: number): boolean {
  return code > 0x20 && code < 0x7f;
}

/** A small letter, or the one capital or sign at the beginning or end of a word. */
function isOneOfWord(code: number, before: number): boolean {
  return isSmallLetter(code) || (!isDigit(code) && (isSmallLetter(before) || !isInWord(before)));
}

function isSmallLetter(code: number): boolean {
  return code >= 0x61 && code <= 0x7a;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** What is shorter is not cut any more: it is refused for another reason. */
const NOT_WORTH_CUTTING = 100;

/** The parts of a text that the model refused as too long, cut at the best place near its middle. None, if it cannot be that. */
export function cutInTwo(text: string): string[] {
  if (text.length < NOT_WORTH_CUTTING) return [];
  const parts = BORDERS.map((border) => nearMiddle(text.split(border))).find(
    (cut) => cut !== undefined,
  );
  return (parts ?? halves(text)).map((part) => part.trim()).filter((part) => part !== "");
}

/** Two parts, cut where that is nearest to the middle. Undefined where one of them would be less than a quarter. */
function nearMiddle(pieces: readonly string[]): [string, string] | undefined {
  const whole = pieces.reduce((sum, { length }) => sum + length, 0);
  let [at, best] = [0, Infinity];
  let before = 0;
  for (const [index, { length }] of pieces.entries()) {
    before += length;
    const off = Math.abs(before - whole / 2);
    if (off < best) [at, best] = [index + 1, off];
  }
  if (best > whole / 4) return undefined;
  return [pieces.slice(0, at).join(""), pieces.slice(at).join("")];
}
