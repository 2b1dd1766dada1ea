/** What the model takes: amazon.titan-embed-text-v2:0, user guide, "Amazon Titan Text Embeddings models". */
import { EmbeddingFailure } from "./errors.ts";

/** Characters of one text, at most. Counted in UTF-16 units, which is never fewer than a server that counts otherwise. */
export const MAX_CHARACTERS = 50_000;

/** Tokens of one text, at most. */
export const MAX_TOKENS = 8_192;

/** Of English text, on average. */
const CHARACTERS_PER_TOKEN = 4.7;

/** Tokens of `text`, from its length. */
export function estimateTokens(text: string): number {
  return Math.max(1, Math.ceil(text.length / CHARACTERS_PER_TOKEN));
}

/** Refuses what needs no call to be known: `EmbeddingFailure` of kind `item` for a blank text or one with too many characters. */
export function refuseUnembeddable(text: string): void {
  if (text.trim() === "") throw new EmbeddingFailure("item", "Blank");
  if (text.length > MAX_CHARACTERS) throw new EmbeddingFailure("item", "TooManyCharacters");
}
