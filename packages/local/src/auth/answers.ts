/** How GoTrue's admin API refuses. */
import type { IncomingHttpHeaders } from "node:http";
import { type Answer, json } from "../stand-in/answers.ts";

/** What GoTrue refuses with; how it is written depends on the version that the caller speaks. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const VERSION = "x-supabase-api-version";
const FIRST_WITH_CODES = "2024-01-01";

/** A refusal in the envelope of the caller's version of the API. */
export function refusal({ status, code, message }: Refusal, asked: IncomingHttpHeaders): Answer {
  const version = asked[VERSION];
  if (typeof version !== "string" || version < FIRST_WITH_CODES)
    return json(status, { code: status, error_code: code, msg: message });
  return json(status, { code, message }, { [VERSION]: FIRST_WITH_CODES });
}
