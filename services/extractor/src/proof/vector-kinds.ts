/** What differs between the text that a content row has now and the vectors that it has. Pure. */
import { cutInTwo, textDigest } from "@nexus/shared/embedding";

/** A vector: which chunk of its row it is of, and the hash of the text that it was made of. */
export interface Vector {
  readonly chunk: number;
  readonly hash: string;
}

type VectorKind = "missing_vector" | "stale_vector" | "extra_vector";

/**
 * One defect is one kind: where a vector is of another text, what is missing or left over follows from that. `chunks`: of the text, as the chunker
 * cuts it; null where the row cannot be put into words.
 */
export function vectorKinds(
  chunks: readonly string[] | null,
  vectors: readonly Vector[],
): readonly VectorKind[] {
  if (chunks === null) return ["missing_vector"];
  const found = new Map(vectors.map(({ chunk, hash }) => [chunk, hash]));
  const hashes = new Set(found.values());
  const wanted = chunks.flatMap((chunk) => asStored(chunk, hashes));
  if (wanted.some((hash, nth) => (found.get(nth) ?? hash) !== hash)) return ["stale_vector"];
  const kinds: VectorKind[] = [];
  if (wanted.some((_, nth) => !found.has(nth))) kinds.push("missing_vector");
  if (vectors.some(({ chunk }) => chunk < 0 || chunk >= wanted.length)) kinds.push("extra_vector");
  return kinds;
}

/** Hashes of a chunk, or of its parts: what the model refused as too long was cut in two, and again. */
function asStored(chunk: string, stored: ReadonlySet<string>): readonly string[] {
  const hash = textDigest(chunk);
  if (stored.size === 0 || stored.has(hash)) return [hash];
  const parts = cutInTwo(chunk);
  const hashes = parts.length > 1 ? parts.flatMap((part) => asStored(part, stored)) : [];
  return hashes.some((one) => stored.has(one)) ? hashes : [hash];
}
