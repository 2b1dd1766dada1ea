/** Which users of the source are nobody: accounts that developers and testers made. */
import { checkedText } from "@nexus/shared/config";

interface Named {
  readonly username: string | null;
  /** As the source has it. */
  readonly email: string | null;
}

/** A pattern with an @ is of addresses, any other one of usernames. `*` stands for anything; case does not matter. */
const PATTERN = /^[^\s,]+$/;

/** `TEST_ACCOUNTS`, as it is configured. */
export const testAccountsVariable = checkedText(faultOfPatterns, {
  meaning:
    "patterns of usernames and, with an @, of addresses whose users get no account of Supabase Auth, with commas between them: test.*,*@example.com; empty: nobody is a test account",
  fallback: "",
  danger: "whom it leaves out, a developer's account of the source becomes one of Supabase Auth",
});

/** What is wrong with a list of patterns, in a sentence; undefined: nothing. */
export function faultOfPatterns(text: string): string | undefined {
  const wrong = patternsOf(text).find((one) => !PATTERN.test(one) || /^[*@]*$/.test(one));
  return wrong === undefined
    ? undefined
    : "must be patterns with commas between them, like test.*,*@example.com; each with more than asterisks";
}

/** Whether a user is a test account by these patterns; with none nobody is. */
export function testAccounts(text: string): (user: Named) => boolean {
  const patterns = patternsOf(text);
  const ofAddresses = patterns.filter((one) => one.includes("@")).map(partsOf);
  const ofUsernames = patterns.filter((one) => !one.includes("@")).map(partsOf);
  return ({ username, email }) =>
    matches(ofUsernames, username?.trim() ?? "") || matches(ofAddresses, email?.trim() ?? "");
}

function patternsOf(text: string): string[] {
  return text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

function partsOf(pattern: string): string[] {
  return pattern.toLowerCase().split("*");
}

function matches(patterns: readonly (readonly string[])[], text: string): boolean {
  const lower = text.toLowerCase();
  return lower !== "" && patterns.some((parts) => isMade(lower, parts));
}

/** Whether a text is these parts with anything between them. Each part is looked for once: no text makes it slow. */
function isMade(text: string, parts: readonly string[]): boolean {
  const [first = "", ...others] = parts;
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}
