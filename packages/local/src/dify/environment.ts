import { DIFY_KEY } from "./server.ts";

/** The environment in which an embedder fills the stand-in at `url`; retries and polls as soon as a test wants them. */
export function difyEnvironment(url: string): Readonly<Record<string, string>> {
  return {
    DIFY: "on",
    DIFY_URL: url,
    DIFY_API_KEY: DIFY_KEY,
    DIFY_TIMEOUT_MS: "1000",
    DIFY_RETRY_MS: "50",
    DIFY_POLL_MS: "50",
    DIFY_TICK_MS: "50",
    DIFY_SETTLE_MS: "1000",
    DIFY_RATE_PAUSE_MS: "1000",
  };
}
