/** Calls of the API that served this page. Its answers are those of the contract: both come from one build, so they are not parsed again. */
import type { Answer, RouteName } from "@nexus/contract";
import { claimedName, token } from "./session.ts";

/** The API did not do what was asked. `status` 0: it could not be reached. */
export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, says: string) {
    super(says);
    this.name = "Refusal";
    this.status = status;
  }
}

export type Reads = Extract<RouteName, `GET ${string}`>;
export type Writes = Extract<RouteName, `POST ${string}`>;

/** Names and their values: in the path, or after the question mark. */
export type Address = Readonly<Record<string, string | number | undefined>>;

/** Reads. Throws `Refusal`. */
export async function read<R extends Reads>(route: R, address: Address = {}): Promise<Answer<R>> {
  return await ask(route, address, {});
}

/** Changes something, once: a repeated click is another key. Throws `Refusal`. */
export async function change<R extends Writes>(route: R, address: Address, body: object): Promise<Answer<R>> {
  const headers = { "content-type": "application/json", "idempotency-key": newKey() };
  return await ask(route, address, { method: "POST", headers, body: JSON.stringify(body) });
}

/** The headers that say who asks. */
export function credentials(): Record<string, string> {
  const [bearer, name] = [token(), claimedName()];
  return {
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    ...(name === "" ? {} : { "x-nexus-actor": name }),
  };
}

async function ask<R extends RouteName>(route: R, address: Address, init: RequestInit): Promise<Answer<R>> {
  const headers = { ...credentials(), ...Object.fromEntries(new Headers(init.headers)) };
  const response = await fetch(pathOf(route, address), { ...init, headers }).catch(() => undefined);
  if (response === undefined) throw new Refusal(0, "the API cannot be reached");
  const answer = await response.json().catch(() => undefined);
  if (response.ok && answer !== undefined) return answer;
  throw new Refusal(response.status, answer?.detail ?? `the API answered with status ${response.status}`);
}

function pathOf(route: RouteName, address: Address): string {
  const rest = new URLSearchParams();
  let path = route.slice(route.indexOf(" ") + 1);
  for (const [name, value] of Object.entries(address)) {
    if (value === undefined || value === "") continue;
    if (path.includes(`:${name}`)) path = path.replace(`:${name}`, encodeURIComponent(value));
    else rest.set(name, String(value));
  }
  return rest.size === 0 ? path : `${path}?${rest.toString()}`;
}

/** Not `randomUUID`: browsers have that only where TLS is. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join("-");
}
