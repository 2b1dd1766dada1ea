import { z } from "zod";
import { EmbeddingFailure } from "./errors.ts";
import { normalize } from "./normalize.ts";
import { DIMENSIONS, type Embedding } from "./provider.ts";

// Titan also sends the vector a second time, as embeddingsByType.float.
const responseBody = z.object({
  embedding: z.array(z.number()),
  inputTextTokenCount: z.int().nonnegative(),
});

/**
 * Reads InvokeModel's body: JSON in UTF-8.
 *
 * @throws EmbeddingFailure (retry) unless it holds `DIMENSIONS` finite numbers that are not all 0, and a count of tokens
 */
export function readEmbedding(body: Uint8Array): Embedding {
  const parsed = responseBody.safeParse(parseJson(body));
  if (!parsed.success) throw new EmbeddingFailure("retry", "MalformedResponse");
  const { embedding, inputTextTokenCount } = parsed.data;
  if (embedding.length !== DIMENSIONS) throw new EmbeddingFailure("retry", "WrongDimensions");
  // Normalised already, but in another precision than ours.
  const vector = normalize(Float32Array.from(embedding));
  if (vector === undefined) throw new EmbeddingFailure("retry", "NoDirection");
  return { vector, tokens: inputTextTokenCount };
}

/** A parser's error quotes what it chokes on: it is not kept. */
function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw new EmbeddingFailure("retry", "MalformedResponse");
  }
}
