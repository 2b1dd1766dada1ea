import { SERVICE_ROLE_KEY } from "./server.ts";

/** The environment in which a loader makes accounts at the stand-in at `url`; retries and looks as soon as a test wants them. */
export function authEnvironment(url: string): Readonly<Record<string, string>> {
  return {
    ACCOUNTS: "on",
    SUPABASE_URL: url,
    SUPABASE_SERVICE_ROLE_KEY: SERVICE_ROLE_KEY,
    SUPABASE_TIMEOUT_MS: "1000",
    ACCOUNTS_RETRY_MS: "50",
    ACCOUNTS_TICK_MS: "50",
  };
}
