/** What a call to Supabase Auth failed of, named by what happens next. Nothing of its messages is kept: they may quote what was sent. */

/**
 * `retry`: what became of the call is not known, or may be otherwise in a while. `throttled`: everybody waits. `stop`: everybody waits
 * for a person. `taken`: a user has the address. `user`: this user never. Only after `retry` may the call have done something.
 */
export type FailureKind = "retry" | "throttled" | "stop" | "taken" | "user";

export class AuthFailure extends Error {
  readonly kind: FailureKind;
  readonly code: string;
  /** For how many milliseconds everybody is to stay away; null: it was not said. */
  readonly retryAfterMs: number | null;
  constructor(kind: FailureKind, code: string, retryAfterMs: number | null = null) {
    super(`Supabase Auth: ${code}`);
    this.name = new.target.name;
    this.kind = kind;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** An answer that is no success, as far as it can be read. Status 0: none that is HTTP and JSON. */
export interface Refusal {
  readonly status: number | undefined;
  readonly code: string | undefined;
}

/** Settings of the project that refuse everybody alike: no mail leaves it, or not for us. */
const OF_THE_PROJECT: ReadonlySet<string> = new Set([
  "captcha_failed",
  "email_address_not_authorized",
  "email_provider_disabled",
]);

/** The first that fits decides. */
const REFUSALS: readonly (readonly [
  fits: (status: number, code: string) => boolean,
  FailureKind,
])[] = [
  [(_, code) => code === "email_exists", "taken"],
  [(_, code) => OF_THE_PROJECT.has(code), "stop"],
  [(status) => status === 429, "throttled"],
  // 500 says nothing: a hash that it cannot read, an id that is taken, a trigger that fails, a database that is full.
  [(status) => status === 0 || status === 408 || status >= 500, "retry"],
  [(status) => status === 400 || status === 422, "user"],
];

/** Classifies an answer that is no success; what nobody foresaw is for a person. */
export function failureOf(
  { status = 0, code = "" }: Refusal,
  retryAfterMs: number | null = null,
): AuthFailure {
  const [, kind = "stop"] = REFUSALS.find(([fits]) => fits(status, code)) ?? [];
  const named = /^[a-z][a-z_]{0,63}$/.test(code) ? code : `http_${status}`;
  return new AuthFailure(kind, named, retryAfterMs);
}

/** The longest that everybody stays away because an answer says so: an hour. */
const LONGEST_MS = 3_600_000;

/** What `Retry-After` says, in seconds or as a date; null: nothing that can be read. */
export function retryAfterOf(header: string | null): number | null {
  if (header === null) return null;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? null : Math.min(LONGEST_MS, Math.max(0, ms));
}
