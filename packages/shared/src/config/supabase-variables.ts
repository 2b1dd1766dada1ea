import { checkedText, number, text } from "./variables.ts";

/** Where Supabase Auth is, and the key to it: read only where ACCOUNTS=on. */
export const supabaseVariables = {
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
};

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

/** What is sent there opens everything: in plain text it goes no further than this machine. */
function faultOfUrl(value: string): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === "https:" && url.username + url.password === "") return undefined;
  if (url?.protocol === "http:" && LOOPBACK.test(url.hostname)) return undefined;
  return "must look like https://<project>.supabase.co; http:// is for an address of this machine only";
}
