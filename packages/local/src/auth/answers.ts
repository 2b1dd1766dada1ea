/** HTTP answers of GoTrue's admin API, and of the gateway before it. */
import type { IncomingHttpHeaders, ServerResponse } from "node:http";

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function json(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, type: "application/json", body: JSON.stringify(body), headers };
}

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

/** A page of something between us and GoTrue. */
export function page(status: number, title: string): Answer {
  return { status, type: "text/html", body: `<html><body>${title}</body></html>` };
}

/** Writes the answer; does nothing if the caller has gone. */
export function send(response: ServerResponse, { status, type, body, headers = {} }: Answer): void {
  response
    .writeHead(status, {
      ...headers,
      "content-type": type,
      "content-length": Buffer.byteLength(body),
    })
    .end(body);
}
