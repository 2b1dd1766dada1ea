/** Cuts a text that is too long for the model: at paragraphs, else at lines, else at sentences, else at words. */
import { MAX_CHARACTERS, MAX_TOKENS } from "./text-limits.ts";

/** A margin to the model's limits: only the model itself can count its tokens. */
const LIMITS = { characters: 0.8 * MAX_CHARACTERS, tokens: 0.9 * MAX_TOKENS };

/** Where a text may be cut, the best places first. What stands before a place stays with the piece it ends. */
const BORDERS: readonly RegExp[] = [
  /(?<=\n\s*\n)(?=\S)/,
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

/** More than the model counts: English has 4.7 characters to a token, other scripts may have a token or more to a character. */
function tokensAtMost(text: string): number {
  let others = 0;
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) others += 1;
  return (text.length - others) / 3.5 + others * 1.3;
}
