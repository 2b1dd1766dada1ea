/** `vector` at Euclidean length 1, or undefined if it has no direction: zeros, or numbers that are not finite. */
export function normalize(vector: Float32Array): Float32Array | undefined {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length > 0 && Number.isFinite(length) ? vector.map((value) => value / length) : undefined;
}
