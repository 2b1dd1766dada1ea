/** What a call to Dify failed of, named by what happens next. Nothing of Dify's messages is kept: they may quote what was sent. */

/**
 * `throttled`: everybody waits. `stop`: everybody waits for a person. `retry`: this call again, for its outcome is not known.
 * `item`: this content never. `gone`: what the path names is not there. `busy`: Dify is indexing it. `taken`: the name is.
 * `closed`: the API access of this dataset is switched off.
 */
export type FailureKind =
  | "throttled"
  | "stop"
  | "retry"
  | "item"
  | "gone"
  | "busy"
  | "taken"
  | "closed";

export class DifyFailure extends Error {
  readonly kind: FailureKind;
  readonly code: string;
  constructor(kind: FailureKind, code: string, options?: ErrorOptions) {
    super(`Dify: ${code}`, options);
    this.name = new.target.name;
    this.kind = kind;
    this.code = code;
  }
}

/** An answer that is no success, as far as it can be read. */
export interface Refusal {
  readonly status: number;
  /** Of Dify's envelope; undefined where the answer comes from something else. */
  readonly code: string | undefined;
  readonly message: string;
}

/** The first that fits decides. Dify says 403 for many things, and which of them only in the message. */
const REFUSALS: readonly (readonly [
  fits: (refusal: Refusal) => boolean,
  kind: FailureKind,
  code?: string,
])[] = [
  [({ code }) => code === "archived_document_immutable", "item"],
  [({ code }) => code === "document_indexing", "busy"],
  [({ code = "" }) => code.startsWith("provider_"), "stop"],
  [
    ({ status, message }) => status === 403 && /rate limit/i.test(message),
    "throttled",
    "rate_limit",
  ],
  [
    ({ status, message }) => status === 403 && /api access/i.test(message),
    "closed",
    "api_access_off",
  ],
  [
    ({ status, message }) => status === 403 && /limit|quota|capacity|exceed/i.test(message),
    "stop",
    "plan_limit",
  ],
  // A quota that is spent does not come back by itself.
  [({ status, code }) => status === 429 && code === "rate_limit_error", "stop"],
  [({ status }) => status === 429, "throttled"],
  [({ status, code }) => status === 404 && code === "not_found", "gone"],
  [({ status }) => status === 409, "taken"],
  [({ status }) => status === 408 || status >= 500, "retry"],
  [({ status }) => [400, 413, 415, 422].includes(status), "item"],
];

/** Classifies an answer that is no success; what nobody foresaw is for a person. */
export function failureOf(refusal: Refusal): DifyFailure {
  const { status, code = "" } = refusal;
  const named = /^[a-z][a-z_]{0,63}$/.test(code) ? code : `http_${status}`;
  const [, kind = "stop", known = named] = REFUSALS.find(([fits]) => fits(refusal)) ?? [];
  return new DifyFailure(kind, known);
}
