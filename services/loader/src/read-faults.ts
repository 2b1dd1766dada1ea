/** What keeps a query of the legacy database from being read, as far as a row may be at fault. */
import { errorCode, nextStep, UNREADABLE_TEXT } from "@nexus/shared/database";

/**
 * `text`: bytes that mean nothing in their encoding. `row`: a value that cannot be read, or computed. `unsure`: damage, of a row or of more.
 * `slow`: it took too long. `breaks`: the connection broke while it was read, as it did before.
 */
export type Fault =
  | { readonly kind: "too_large"; readonly code?: undefined }
  | {
      readonly kind: "text" | "row" | "unsure" | "slow" | "breaks";
      readonly code: string;
      readonly error: unknown;
    };

/** A lost page, an index that disagrees with its table, a compressed value that is none: PostgreSQL before 13 has no other code for most. */
const DAMAGE = /^XX/;

/** The statement was given up: `LEGACY_STATEMENT_MS`. */
const TOOK_TOO_LONG = "57014";

/** Throws what is no row's fault. */
export function faultOf(error: unknown): Fault {
  const code = errorCode(error);
  if (code === undefined) throw error;
  if (UNREADABLE_TEXT.test(code)) return { kind: "text", code, error };
  if (code === TOOK_TOO_LONG) return { kind: "slow", code, error };
  const step = nextStep(error);
  if (step === "row") return { kind: "row", code, error };
  if (step === "person" && DAMAGE.test(code)) return { kind: "unsure", code, error };
  throw error;
}
