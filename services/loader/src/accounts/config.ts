import { checkedText, number, optionalNumber, text } from "@nexus/shared/config";

/** The environment of the accounts stage: read only where ACCOUNTS=on. */
export const accountVariables = {
  SUPABASE_URL: checkedText(faultOfUrl, {
    meaning:
      "the Supabase project whose Auth gets the accounts, like https://<project>.supabase.co",
    danger: "the key is sent there",
  }),
  SUPABASE_SERVICE_ROLE_KEY: text({
    meaning: "the service role's key of that project: without it no account can be made",
    danger: "it may do everything to everybody, past all row level security",
    secret: true,
  }),
  SUPABASE_TIMEOUT_MS: number(100, 20_000, {
    meaning: "milliseconds after which a call to Supabase Auth is given up",
    fallback: "10000",
    danger: "must stay under SHUTDOWN_GRACE_MS: calls under way are finished",
  }),
  ACCOUNTS_CALLS: number(1, 64, {
    meaning: "accounts on which this process works at the same time",
    fallback: "4",
  }),
  ACCOUNTS_PER_MINUTE: optionalNumber(1, 100_000_000, {
    meaning:
      "accounts that all loaders together create, change or remove per minute, each with one to three calls; absent: not limited",
    danger: "beyond what the project's gateway lets through, it answers 429, and everybody waits",
  }),
  ACCOUNTS_RETRY_MS: number(10, 60_000, {
    meaning: "milliseconds before an account is tried again that failed; doubled each time",
    fallback: "2000",
  }),
  ACCOUNTS_TICK_MS: number(10, 60_000, {
    meaning: "milliseconds between two looks for accounts to make",
    fallback: "1000",
  }),
};

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

/** What is sent there opens everything: in plain text it goes no further than this machine. */
function faultOfUrl(value: string): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === "https:" && url.username + url.password === "") return undefined;
  if (url?.protocol === "http:" && LOOPBACK.test(url.hostname)) return undefined;
  return "must look like https://<project>.supabase.co; http:// is for an address of this machine only";
}
