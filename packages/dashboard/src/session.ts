/** Who uses this tab: a token where the API asks for one, or the name that a person gave. Gone with the tab; never a cookie. */
const TOKEN = "nexus.token";
const NAME = "nexus.name";

/** The token that requests are sent with. */
export function token(): string | undefined {
  return sessionStorage.getItem(TOKEN) ?? undefined;
}

/** Keeps a token; an empty one is forgotten. */
export function keepToken(given: string): void {
  keep(TOKEN, given);
}

/** The name for the audit log while there are no tokens. */
export function claimedName(): string {
  return sessionStorage.getItem(NAME) ?? "";
}

/** Keeps that name. */
export function keepName(given: string): void {
  keep(NAME, given);
}

function keep(key: string, value: string): void {
  if (value === "") sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, value);
}
