/**
 * One HTTP call for Supabase's client, which waits for ever, prints what `fetch` throws, and follows redirects with the key in a header. Here a
 * call that nobody answered, or not to its end, is an answer like that of a gateway that waited for it.
 */
import { retryAfterOf } from "../auth-failure.ts";

/** What an answer says beside its status and body. */
export interface Heard {
  retryAfterMs: number | null;
}

/** A `fetch` whose calls are answered within so many milliseconds; what it hears goes into `heard`. */
export function exchange(timeoutMs: number, heard: Heard): typeof fetch {
  return async (input, init) => {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(input, { ...init, redirect: "manual", signal });
      const body = await response.text();
      const { status, headers } = response;
      heard.retryAfterMs = retryAfterOf(headers.get("retry-after"));
      return new Response(status === 204 || status === 304 ? null : body, { status, headers });
    } catch {
      return new Response(null, { status: 504 });
    }
  };
}
