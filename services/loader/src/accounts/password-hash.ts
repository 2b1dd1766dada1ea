/**
 * Django's password hashes in the forms that Supabase Auth imports. It verifies bcrypt and argon2 (and Firebase's scrypt) as they
 * are written; whatever else is sent it answers with 500, or takes and never accepts. Each form is therefore matched whole.
 */

/** Why somebody gets an account without a password, and has to set one: a link by mail, or the login bridge. */
type NoPassword =
  /** Nobody could sign in with it in Django either: `!…`, or blank. */
  | "password_unusable"
  /** Django's default. Supabase Auth knows no PBKDF2; a login bridge can verify it. */
  | "password_pbkdf2"
  /** bcrypt over the SHA-256 of the password in hexadecimal digits: whoever types the password would be compared without it. */
  | "password_prehashed"
  /** scrypt of Django 4, argon2 or bcrypt in a variant, version or at a cost that Supabase Auth refuses. */
  | "password_unsupported"
  /** SHA-1, MD5 and crypt, salted or not. */
  | "password_outdated"
  /** No form that Django writes. */
  | "password_unknown";

/** A hash for `password_hash`, or the reason why there is none. It never tells what it read. */
export type PasswordImport = { readonly hash: string } | { readonly reason: NoPassword };

/** Converts what `auth_user.password` holds. Total: never throws, whatever the text. */
export function importPassword(stored: string | null): PasswordImport {
  if (stored === null || stored === "" || stored.startsWith("!"))
    return { reason: "password_unusable" };
  const end = stored.indexOf("$");
  // Django itself takes 32 hexadecimal digits for MD5 without a salt, and `sha1$$…` for SHA-1 without one.
  if (end === -1)
    return { reason: isUnsaltedMd5(stored) ? "password_outdated" : "password_unknown" };
  const reason = REASONS.get(stored.slice(0, end));
  if (reason !== undefined) return { reason };
  const rest = stored.slice(end + 1);
  if (stored.startsWith("bcrypt$")) return bcrypt(rest);
  // Here Django wrote no separator of its own: argon2's text begins with one.
  if (stored.startsWith("argon2$")) return argon2(`$${rest}`);
  return { reason: "password_unknown" };
}

/** By the name of the algorithm that Django writes first. */
const REASONS: ReadonlyMap<string, NoPassword> = new Map([
  ["pbkdf2_sha256", "password_pbkdf2"],
  ["pbkdf2_sha1", "password_pbkdf2"],
  ["bcrypt_sha256", "password_prehashed"],
  ["scrypt", "password_unsupported"],
  ["sha1", "password_outdated"],
  ["md5", "password_outdated"],
  ["crypt", "password_outdated"],
]);

function isUnsaltedMd5(stored: string): boolean {
  return /^[0-9a-f]{32}$/.test(stored);
}

/** Version, cost of 4 to 31, 22 digits of salt, 31 of hash. `2x` marks hashes of a faulty implementation, which no other verifies. */
const BCRYPT = /^\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;

function bcrypt(text: string): PasswordImport {
  if (BCRYPT.test(text)) return { hash: text };
  return { reason: text.startsWith("$2") ? "password_unsupported" : "password_unknown" };
}

/** Base64 without padding, of at least one byte. */
const BYTES = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{2,3})";
const ARGON2 = new RegExp(
  `^\\$argon2(?:i|id)\\$v=19\\$m=(\\d{1,10}),t=(\\d{1,10}),p=(\\d{1,10})\\$${BYTES}\\$${BYTES}$`,
);

/** What Supabase Auth takes: KiB of memory, rounds, lanes. */
const MOST = [1_048_576, 20, 16];

function argon2(text: string): PasswordImport {
  const costs = ARGON2.exec(text)?.slice(1).map(Number);
  const fits = costs?.every((cost, at) => cost >= 1 && cost <= (MOST[at] ?? 0)) === true;
  if (fits) return { hash: text };
  return { reason: text.startsWith("$argon2") ? "password_unsupported" : "password_unknown" };
}
