/**
 * Vectors without a service, for the embedded demo and for tests: lexical, that is, they compare words and know no meaning.
 * Not for production: searches find only what is spelt alike.
 */
import { EmbeddingFailure, TOO_LONG } from "./errors.ts";
import { lexicalVector } from "./lexical-vector.ts";
import { DIMENSIONS, type Provider } from "./provider.ts";
import { estimateTokens, MAX_TOKENS, refuseUnembeddable } from "./text-limits.ts";

/** Takes no time to open, holds nothing open, reads no variable. Refuses the same texts as the real model, by estimated tokens. */
export function localProvider(): Provider {
  return {
    model: "local-lexical-1",
    dimensions: DIMENSIONS,
    usdPer1kTokens: 0,
    estimateTokens,
    embed: async (text, signal) => {
      signal.throwIfAborted();
      refuseUnembeddable(text);
      const tokens = estimateTokens(text);
      if (tokens > MAX_TOKENS) throw new EmbeddingFailure("item", TOO_LONG);
      return { vector: lexicalVector(text), tokens };
    },
    close: () => Promise.resolve(),
  };
}
