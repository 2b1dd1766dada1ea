/** Keys of the source as the ledger names them, of whichever type they are there. */

/** Of type numeric: there may be zeros behind a point. */
const DIGITS = /^(-?\d{1,19})(?:\.0*)?$/;

/**
 * A key as it was read: a number; in digits beyond 2^53, where a number would lie; null for what is no key of eight bytes. Numeric
 * comes as text: compare keys only behind this, or read them as `::bigint`.
 */
export function sourceKey(id: unknown): number | string | null {
  if (typeof id === "number") return Number.isInteger(id) ? exactly(BigInt(id)) : null;
  const [, digits] = (typeof id === "string" ? DIGITS.exec(id) : null) ?? [];
  return digits === undefined ? null : exactly(BigInt(digits));
}

function exactly(key: bigint): number | string | null {
  if (BigInt.asIntN(64, key) !== key) return null;
  const number = Number(key);
  return Number.isSafeInteger(number) ? number : String(key);
}
