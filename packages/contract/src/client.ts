/** A typed client of the API, made of its contract. Answers are parsed: what does not fit is an error, not a surprise later. */
import type { z } from "zod";
import { ApiProblem, ApiUnreachable } from "./api-problem.ts";
import { contract, type RouteContract, type RouteName } from "./contract.ts";
import { problem } from "./problem.ts";

type Contract = typeof contract;
type Input<S> = S extends z.ZodType ? z.input<S> : never;

/** Numbers may be given where an address takes their text. */
type Addressed<T> = {
  readonly [K in keyof T]: string extends NonNullable<T[K]> ? T[K] | number : T[K];
};

/** What a call of a route is given. */
export type Given<R extends RouteName> = (Contract[R] extends { params: infer P }
  ? { readonly params: Addressed<Input<P>> }
  : unknown) &
  (Contract[R] extends { querystring: infer Q }
    ? { readonly query?: Addressed<Input<Q>> }
    : unknown) &
  (Contract[R] extends { body: infer B }
    ? undefined extends Input<B>
      ? { readonly body?: Input<B> }
      : { readonly body: Input<B> }
    : unknown) & {
    /** Of a POST: repeating it with the same key does it once, and repeats the answer. */
    readonly idempotencyKey?: string;
    readonly signal?: AbortSignal;
  };

/** What a route answers when it did what was asked. */
export type Answer<R extends RouteName> = {
  [S in keyof Contract[R]["response"]]: S extends 200 | 201
    ? Contract[R]["response"][S] extends infer A extends z.ZodType
      ? z.output<A>
      : never
    : never;
}[keyof Contract[R]["response"]];

type Arguments<R extends RouteName> =
  object extends Given<R> ? [given?: Given<R>] : [given: Given<R>];

export interface Client {
  /** Calls a route. Throws `ApiProblem` when the API does not do what was asked, and `ApiUnreachable` when nobody answers. */
  call<R extends RouteName>(route: R, ...given: Arguments<R>): Promise<Answer<R>>;
  /** The text of something that is no JSON, as it came. Throws as `call` does. */
  download(
    path: string,
    query: Readonly<Record<string, string | number | undefined>>,
  ): Promise<string>;
}

export interface ClientOptions {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly token?: string | undefined;
}

/** Nothing connects before the first call. */
export function openClient({ url, token }: ClientOptions): Client {
  async function call<R extends RouteName>(route: R, ...given: Arguments<R>): Promise<Answer<R>>;
  async function call(route: RouteName, given: Parts = {}): Promise<unknown> {
    const [method = "GET", path = "/"] = route.split(" ");
    const response = await reach(new URL(addressOf(path, given), url), {
      method,
      headers: headersOf(token, given),
      ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
      signal: given.signal ?? null,
    });
    return await answerOf(contract[route], response);
  }
  async function download(path: string, query: NonNullable<Parts["query"]>): Promise<string> {
    const response = await reach(new URL(addressOf(path, { query }), url), {
      headers: headersOf(token, {}),
    });
    const text = await response.text();
    if (response.status === 200) return text;
    throw problemOf(response.status, jsonIn(text));
  }
  return { call, download };
}

interface Parts {
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

/** Like fetch. Throws `ApiUnreachable` when nobody answers, and the signal's own reason when it aborted. */
async function reach(url: URL, init: RequestInit): Promise<Response> {
  return await fetch(url, init).catch((cause: unknown) => {
    throw init.signal?.aborted === true ? cause : new ApiUnreachable(url.href, cause);
  });
}

function addressOf(path: string, { params = {}, query = {} }: Parts): string {
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(String(params[name])),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? filled : `${filled}?${search.toString()}`;
}

function headersOf(
  token: string | undefined,
  { body, idempotencyKey }: Parts,
): Record<string, string> {
  return {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
  };
}

async function answerOf(
  { response: answers }: RouteContract,
  response: Response,
): Promise<unknown> {
  const { status } = response;
  const json: unknown = await response.json().catch(() => undefined);
  const answer = status < 300 ? answers[status]?.safeParse(json) : undefined;
  if (answer?.success === true) return answer.data;
  throw problemOf(status, json);
}

function problemOf(status: number, json: unknown): ApiProblem {
  const said = problem.safeParse(json);
  return said.success && status >= 400
    ? new ApiProblem(status, said.data.code, said.data.detail, said.data)
    : new ApiProblem(
        status,
        "unexpected_answer",
        `this is not an answer of the API (status ${status})`,
      );
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
