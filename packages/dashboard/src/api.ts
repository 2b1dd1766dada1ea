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
export async function change<R extends Writes>(
  route: R,
  address: Address,
  body: object,
): Promise<Answer<R>> {
  const headers = { "content-type": "application/json", "idempotency-key": newKey() };
  return await ask(route, address, { method: "POST", headers, body: JSON.stringify(body) });
}

/** Reads something and has the browser save it under a name, which is returned. Throws `Refusal`. */
export async function download(path: string, address: Address, name: string): Promise<string> {
  const response = await reach(queried(path, Object.entries(address)), { headers: credentials() });
  if (!response.ok) throw await refusalOf(response);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return name;
}

/** The headers that say who asks. */
export function credentials(): Record<string, string> {
  const [bearer, name] = [token(), claimedName()];
  return {
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    ...(name === "" ? {} : { "x-nexus-actor": name }),
  };
}

async function ask<R extends RouteName>(
  route: R,
  address: Address,
  init: RequestInit,
): Promise<Answer<R>> {
  const headers = { ...credentials(), ...Object.fromEntries(new Headers(init.headers)) };
  const response = await reach(pathOf(route, address), { ...init, headers });
  const answer = response.ok
    ? await response
        .clone()
        .json()
        .catch(() => undefined)
    : undefined;
  if (answer === undefined) throw await refusalOf(response);
  return answer;
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  return await fetch(path, init).catch(() => {
    throw new Refusal(0, "the API cannot be reached");
  });
}

async function refusalOf(response: Response): Promise<Refusal> {
  const answer = await response.json().catch(() => undefined);
  return new Refusal(
    response.status,
    answer?.detail ?? `the API answered with status ${response.status}`,
  );
}

function pathOf(route: RouteName, address: Address): string {
  const rest: [string, string | number][] = [];
  let path = route.slice(route.indexOf(" ") + 1);
  for (const [name, value] of Object.entries(address)) {
    if (value === undefined || value === "") continue;
    if (path.includes(`:${name}`)) path = path.replace(`:${name}`, encodeURIComponent(value));
    else rest.push([name, value]);
  }
  return queried(path, rest);
}

function queried(
  path: string,
  members: readonly (readonly [string, string | number | undefined])[],
): string {
  const given = members.map(([name, value]) => [name, String(value)]);
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

/** Not `randomUUID`: browsers have that only where TLS is. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join(
    "-",
  );
}
