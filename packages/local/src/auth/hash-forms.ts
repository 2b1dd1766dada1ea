/** Which password hashes GoTrue imports, as its internal/crypto/password.go reads them. */

const ARGON2 =
  /^\$(?<kind>argon2(?:d|i|id))\$v=(?<version>16|19)\$m=(?<m>\d+),t=(?<t>\d+),p=(?<p>\d+)(?<more>,keyid=[^,$]+)?(?<data>,data=[^$]+)?\$(?<salt>[^$]*)\$(?<hash>.*)$/;
const FIREBASE = /^\$fbscrypt\$v=1,n=\d+,r=\d+,p=\d+(?:,ss=[^,]+)?(?:,sk=[^$]+)?\$[^$]+\$.+$/;

/** Go's base64.RawStdEncoding: no padding, and no length that ends inside a byte. */
const RAW_BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3})?$/;

/** 1 GiB in KiB, rounds and lanes: above them GoTrue refuses. */
const MOST = { m: 1_048_576, t: 20, p: 16 };

/** Whether GoTrue creates a user with this `password_hash`; for others it answers 500. */
export function isImportable(hash: string): boolean {
  if (hash.startsWith("$argon2")) return isArgon2(hash);
  if (hash.startsWith("$fbscrypt")) return FIREBASE.test(hash);
  return isBcrypt(hash);
}

function isArgon2(hash: string): boolean {
  const found = ARGON2.exec(hash)?.groups;
  if (found === undefined || found["kind"] === "argon2d" || found["version"] !== "19") return false;
  if (found["more"] !== undefined || found["data"] !== undefined) return false;
  if (Object.entries(MOST).some(([cost, most]) => Number(found[cost]) > most)) return false;
  return [found["salt"], found["hash"]].every((part = "") => part !== "" && RAW_BASE64.test(part));
}

/** Go's `bcrypt.Cost` looks at no more than length, version and cost: the salt is met at the first sign-in. */
function isBcrypt(hash: string): boolean {
  const cost = Number(/^\$2[a-z]?\$(\d\d)/.exec(hash)?.[1]);
  return hash.length >= 59 && cost >= 4 && cost <= 31;
}
