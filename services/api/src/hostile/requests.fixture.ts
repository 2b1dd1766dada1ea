/** Requests derived from the API's own document: valid, invalid and hostile ones, the same for the same seed. For tests. */
import { z } from "zod";

const schema = z.looseObject({
  type: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
});
const operation = z.object({
  parameters: z
    .array(
      z.object({ in: z.enum(["path", "query", "header"]), name: z.string(), schema: z.unknown() }),
    )
    .default([]),
  requestBody: z
    .object({ content: z.object({ "application/json": z.object({ schema: z.unknown() }) }) })
    .optional(),
});
const document = z.object({ paths: z.record(z.string(), z.record(z.string(), operation)) });

export interface HostileRequest {
  readonly method: "GET" | "POST";
  /** As the document names it. */
  readonly route: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string | undefined;
}

type Dice = () => number;
type Operation = z.infer<typeof operation> & {
  readonly method: "GET" | "POST";
  readonly route: string;
};

/** What somebody sends who means no good, or has a bug. */
const HOSTILE: readonly unknown[] = [
  "",
  " ",
  "' or 1=1; drop table migration.runs; --",
  "../../etc/passwd",
  "%00",
  "\u0000",
  "\ud800",
  "<script>alert(1)</script>",
  "${jndi:ldap://x}",
  "__proto__",
  "constructor",
  "a".repeat(70_000),
  "9".repeat(40),
  "-1",
  "1e309",
  "NaN",
  "2147483648",
  -1,
  0,
  1.5,
  null,
  true,
  [],
  {},
  { $ne: null },
  [[[[[[]]]]]],
];

/** Names and keys that exist, so that some requests reach the database. */
const LIKELY: readonly string[] = [
  "practices",
  "patients",
  "cases",
  "1",
  "2",
  "rejected",
  "required_missing",
  "MQ",
  "100",
];

/** Makes requests for ever. `read` is the document of `GET /openapi.json`. */
export function* hostileRequests(read: unknown, random: Dice): Generator<HostileRequest> {
  const operations = Object.entries(document.parse(read).paths).flatMap(([route, methods]) =>
    Object.entries(methods).map(([method, one]): Operation => ({
      ...one,
      route,
      method: method === "post" ? "POST" : "GET",
    })),
  );
  for (;;) yield requestFor(pick(operations, random), random);
}

function requestFor(one: Operation, random: Dice): HostileRequest {
  const { method, route, requestBody } = one;
  const post = method === "POST";
  return {
    method,
    route,
    url: addressFor(one, random),
    headers: {
      ...headersFor(one, random),
      ...(post ? { "content-type": contentType(random) } : {}),
    },
    payload: post ? bodyFor(requestBody?.content["application/json"].schema, random) : undefined,
  };
}

function addressFor({ route, parameters }: Operation, random: Dice): string {
  let url = route;
  const query = new URLSearchParams(random() < 0.05 ? [["__proto__", "x"]] : []);
  for (const { in: place, name, schema } of parameters) {
    if (place === "path")
      url = url.replace(
        `{${name}}`,
        encoded(random() < 0.6 ? pick(LIKELY, random) : valueFor(schema, random)),
      );
    if (place === "query" && random() < 0.4) query.set(name, valueFor(schema, random));
  }
  return query.size > 0 ? `${url}?${query.toString()}` : url;
}

function headersFor({ parameters }: Operation, random: Dice): Record<string, string> {
  const sent = parameters.filter((parameter) => parameter.in === "header" && random() < 0.3);
  return Object.fromEntries(
    sent.map(({ name, schema }) => [name, printable(valueFor(schema, random))]),
  );
}

function valueFor(of: unknown, random: Dice): string {
  return textOf(random() < 0.6 ? valid(of, random) : pick(HOSTILE, random));
}

function bodyFor(of: unknown, random: Dice): string | undefined {
  const chance = random();
  if (chance < 0.1) return undefined;
  if (chance < 0.2) return textOf(pick(HOSTILE, random));
  if (chance < 0.25) return `{"a":`;
  const body = valid(of, random);
  if (chance < 0.6 || typeof body !== "object" || body === null) return JSON.stringify(body);
  const names = [...Object.keys(body), "surprise", "__proto__"];
  return JSON.stringify({ ...body, [pick(names, random)]: pick(HOSTILE, random) });
}

/** A value that the schema allows, as far as it can be told from its type. */
function valid(of: unknown, random: Dice): unknown {
  const wanted = schema.parse(of ?? {});
  if (wanted.enum !== undefined) return pick(wanted.enum, random);
  if (wanted.anyOf !== undefined) return valid(pick(wanted.anyOf, random), random);
  const make = MAKERS[wanted.type ?? "string"];
  return make === undefined ? pick(LIKELY, random) : make(wanted, random);
}

type Maker = (wanted: z.infer<typeof schema>, random: Dice) => unknown;

const MAKERS: Readonly<Record<string, Maker>> = {
  object: ({ properties = {}, required = [] }, random) => {
    const chosen = Object.entries(properties).filter(
      ([name]) => required.includes(name) || random() < 0.5,
    );
    return Object.fromEntries(chosen.map(([name, member]) => [name, valid(member, random)]));
  },
  array: ({ items }, random) => [valid(items, random)],
  boolean: (_, random) => random() < 0.5,
  integer: (_, random) => Math.floor(random() * 20),
  number: (_, random) => random() * 20,
  null: () => null,
};

function contentType(random: Dice): string {
  return random() < 0.9
    ? "application/json"
    : pick(["text/plain", "application/xml", "x", "application/json; charset=utf-7"], random);
}

function pick<T>(among: readonly T[], random: Dice): T {
  const picked = among[Math.floor(random() * among.length)];
  if (picked === undefined) throw new Error("nothing to pick from");
  return picked;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function encoded(text: string): string {
  return encodeURIComponent(Buffer.from(text.slice(0, 2_000)).toString());
}

/** Headers are bytes without controls: Node refuses others before they are sent. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 4_000);
}
