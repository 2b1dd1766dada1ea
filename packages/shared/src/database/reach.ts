/** The first thing asked of a database: is it there, and is it new enough? */
import { ConfigurationError, RefusedError, UnavailableError } from "../config/failure.ts";
import { dialled } from "../config/tls.ts";
import { connectionRefusal } from "../runtime/connection-refusal.ts";
import { refusedOptions } from "../runtime/refused-options.ts";
import { nextStep } from "./failures.ts";
import { type Pool, type Queryable, urlOf } from "./pool.ts";
import { refusalCode, refusalInWords } from "./refusals.ts";

export interface Version {
  /** server_version_num: 150020 for 15.20, 90524 for 9.5.24. */
  readonly number: number;
  readonly text: string;
}

/**
 * Asks the source for its version: 9.5 or newer. Throws `UnavailableError` when it does not answer, has no such database or
 * is too old, `RefusedError` when it refuses the role. Messages name host, port and database, never the password.
 */
export async function reachLegacy(pool: Pool): Promise<Version> {
  return await reach(pool, "LEGACY_URL", { number: 90_500, text: "9.5" });
}

/** Asks the target for its version: 15 or newer. Throws as `reachLegacy` does. */
export async function reachTarget(pool: Pool): Promise<Version> {
  return await reach(pool, "TARGET_URL", { number: 150_000, text: "15" });
}

async function reach(pool: Pool, variable: string, oldest: Version): Promise<Version> {
  const place = `${variable} (${placeOf(pool)})`;
  const found = await versionOf(pool, place);
  requireVersion(place, found, oldest);
  return found;
}

async function versionOf(pool: Pool, place: string): Promise<Version> {
  try {
    return await serverVersion(pool);
  } catch (cause) {
    throw unreached(pool, place, cause);
  }
}

/** The version of a server that is reached. PostgreSQL 9.5 syntax. */
export async function serverVersion(db: Queryable): Promise<Version> {
  const { rows } = await db.query<Version>(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as text`,
  );
  return rows[0] ?? { number: 0, text: "unknown" };
}

/** Throws `UnavailableError` when `found` is older than `oldest`. */
export function requireVersion(place: string, found: Version, oldest: Version): void {
  if (found.number < oldest.number)
    throw new UnavailableError(
      `${place}: PostgreSQL ${found.text} is too old, ${oldest.text} or newer is needed: upgrade the server or point to another one`,
    );
}

/** An error of a look at a database that was reached: as `reach` would say it, where the server is lost, busy or refuses meanwhile. */
export function lostMeanwhile(
  pool: Pool,
  variable: "LEGACY_URL" | "TARGET_URL",
  error: unknown,
): unknown {
  const step = nextStep(error);
  return step === "wait" || step === "retry"
    ? unreached(pool, `${variable} (${placeOf(pool)})`, error)
    : error;
}

/** Refused by its rules of authentication, or asked for a password that the URL has not. */
const REFUSED = /^(28|no_password)/;

function unreached(pool: Pool, place: string, cause: unknown): Error {
  const code = refusalCode(cause);
  const refusal = connectionRefusal(cause);
  if (refusal !== undefined) return new RefusedError(`${place}: ${refusal}`, { cause });
  if (REFUSED.test(code))
    return new RefusedError(
      `${place}: the server refuses this user (${code}): correct user and password`,
      {
        cause,
      },
    );
  const options = setsOptions(pool) ? refusedOptions(cause) : undefined;
  if (options !== undefined)
    return new ConfigurationError(`${place}: ${OF_OPTIONS[options](code)}`, { cause });
  const { says, next } = code === "3D000" && hasBlanks(pool) ? BLANKS : refusalInWords(code);
  return new UnavailableError(`${place}: cannot be reached (${code}): ${says}: ${next}`, { cause });
}

const OF_OPTIONS = {
  setting: (code: string) =>
    `the server refuses a setting that a session begins with (${code}): correct options= of the URL, or PGOPTIONS`,
  pooler: (code: string) =>
    `a pooler before it takes no options (${code}): take options= out of the URL (and PGOPTIONS away), and have the role begin with the same: alter role … set search_path = …; ` +
    "with ignore_startup_parameters = options the pooler would drop what they say",
} as const;

function setsOptions(pool: Pool): boolean {
  return (
    new URL(urlOf(pool)).searchParams.has("options") || (process.env["PGOPTIONS"] ?? "") !== ""
  );
}

const BLANKS = {
  says: "it has no such database: the name in the URL begins or ends with a blank",
  next: "take the blank out of the URL",
};

/** A blank at the end of a URL is part of the name for node-postgres, and invisible in a message. */
function hasBlanks(pool: Pool): boolean {
  const url = urlOf(pool);
  const name = decodeURIComponent(new URL(url).pathname.slice(1));
  return url.trim() !== url || name.trim() !== name;
}

/** host:port/database of a pool, for people: the place that is really dialled. */
export function placeOf(pool: Pool): string {
  const { connectionString = "" } = pool.options;
  if (!URL.canParse(connectionString)) return "not a URL";
  const url = new URL(connectionString);
  const { host, port } = dialled(url);
  return `${host || "local socket"}:${port}${url.pathname}`;
}
