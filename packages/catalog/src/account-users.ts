/** What of the source decides about accounts of Supabase Auth, and what an account is made of. PostgreSQL 9.5 syntax. */
import { z } from "zod";
import { type AuthAddress, authAddress } from "./auth-address.ts";
import { checkedInstant } from "./dates.ts";
import { lines } from "./legacy-sql.ts";
import { flag, reference, text } from "./row-fields.ts";
import type { SourceShape } from "./source-shape.ts";
import { withTypes } from "./typed-source.ts";

/** A user of the source, as far as that decides. */
export interface AccountUser {
  /** `auth_user.id`. */
  readonly id: number;
  readonly username: string | null;
  readonly email: string | null;
  readonly isActive: boolean | null;
  /** Microseconds since 1970; null: never, or no instant. */
  readonly lastLogin: number | null;
}

/**
 * To be said first in a transaction: nothing is converted on the way. So no text of a user fails the statement, whatever its encoding:
 * an address is of ASCII only, which all encodings of a server have in common, and what else there is makes it malformed.
 */
export const TEXT_AS_STORED =
  "select set_config('client_encoding', current_setting('server_encoding'), true)";

/** What is longer is no address, and no hash. */
const LONGEST = { text: 1_024, hash: 512 };

const short = (column: string): string => `left(u.${column}::text, ${LONGEST.text}) as ${column}`;

const USERS = `select u.id, ${short("username")}, ${short("email")}, u.is_active, u.last_login from auth_user u`;

/** Users beyond a key ($1), in their order, so many ($2) at most. */
export function accountUsersSql(shape: SourceShape): string {
  return withTypes(
    lines(USERS, "where u.id > $1::bigint", "order by u.id limit $2::integer"),
    shape,
  );
}

/** The users with these keys ($1). */
export function accountUsersOfKeysSql(shape: SourceShape): string {
  return withTypes(lines(USERS, "where u.id = any($1::bigint[])"), shape);
}

/**
 * Users who may have one of these addresses ($1), each in lower case. More than those who do: see `authAddress`. It looks for the first
 * ASCII without blanks, since which others stand around it the encoding says.
 */
export function accountUsersOfAddressesSql(shape: SourceShape): string {
  const ascii = `lower(substring(u.email::text collate "C" from '[!-~]+'))`;
  return withTypes(lines(USERS, `where ${ascii} = any($1::text[])`), shape);
}

/** The password hashes of the users with these keys ($1), as `id` and `hash`; undefined where the source has none. */
export function passwordHashesSql(shape: SourceShape): string | undefined {
  if (!shape.has("auth_user", "password")) return undefined;
  return `select u.id, left(u.password::text, ${LONGEST.hash}) as hash from auth_user u where u.id = any($1::bigint[])`;
}

const row = z.object({
  id: reference.unwrap(),
  username: text,
  email: text,
  // What is no switch says of nobody that he is active.
  is_active: flag.catch(null),
  last_login: text,
});

/** Reads a row of those statements. Throws for a key that is no whole number. */
export function accountUser(raw: Readonly<Record<string, unknown>>): AccountUser {
  const { id, username, email, is_active: isActive, last_login: login } = row.parse(raw);
  return { id, username, email, isActive, lastLogin: login === null ? null : microseconds(login) };
}

const hashRow = z.object({ id: reference.unwrap(), hash: text });

/** Reads a row of `passwordHashesSql`. */
export function passwordHash(raw: Readonly<Record<string, unknown>>): {
  readonly id: number;
  readonly hash: string | null;
} {
  return hashRow.parse(raw);
}

/** The address with which a user may sign in, or why there is none. An account that nobody said to be active is not. */
export function signInAddress({ isActive, email }: AccountUser): AuthAddress | "inactive" {
  return isActive === true ? authAddress(email) : "inactive";
}

/** Dates of JavaScript lose what is less than a millisecond. */
function microseconds(written: string): number | null {
  const instant = checkedInstant(written);
  if (!("value" in instant)) return null;
  const [, second = "", fraction = ""] = /^(.{19})(?:\.(\d+))?/.exec(instant.value) ?? [];
  const at = Date.parse(`${second.replace(" ", "T")}Z`);
  return Number.isNaN(at) ? null : at * 1_000 + Number(fraction.padEnd(6, "0"));
}
