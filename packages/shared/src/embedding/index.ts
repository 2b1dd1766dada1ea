/** Room `embedding`: a text becomes a vector. */
export { chunk, cutInTwo } from "./chunk.ts";
export { EmbeddingFailure, type FailureKind, TOO_LONG } from "./errors.ts";
export { lexicalVector } from "./lexical-vector.ts";
export { openProvider, type ProviderConfig, PROVIDERS } from "./open-provider.ts";
export { DIMENSIONS, type Embedding, type Provider } from "./provider.ts";
export { estimateTokens, MAX_CHARACTERS, MAX_TOKENS } from "./text-limits.ts";
export { textDigest } from "./text-digest.ts";
