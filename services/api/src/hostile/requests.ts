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
    .array(z.object({ in: z.enum(["path", "query", "header"]), name: z.string(), schema: z.unknown() }))
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
type Operation = z.infer<typeof operation> & { readonly method: "GET" | "POST"; readonly route: string };

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
  9_007_199_254_740_993,
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

function requestFor({ method, route, parameters, requestBody }: Operation, random: Dice): HostileRequest {
  const valueOf = (of: unknown): string => textOf(random() < 0.6 ? valid(of, random) : pick(HOSTILE, random));
  const query = new URLSearchParams();
  const headers: Record<string, string> = {};
  let url = route;
  for (const parameter of parameters) {
    if (parameter.in === "path")
      url = url.replace(
        `{${parameter.name}}`,
        encoded(random() < 0.6 ? pick(LIKELY, random) : valueOf(parameter.schema)),
      );
    else if (parameter.in === "query" && random() < 0.4) query.set(parameter.name, valueOf(parameter.schema));
    else if (parameter.in === "header" && random() < 0.3)
      headers[parameter.name] = printable(valueOf(parameter.schema));
  }
  if (random() < 0.05) query.set("__proto__", "x");
  return {
    method,
    route,
    url: query.size > 0 ? `${url}?${query.toString()}` : url,
    headers: { ...headers, ...(method === "POST" ? { "content-type": contentType(random) } : {}) },
    payload: method === "POST" ? bodyFor(requestBody?.content["application/json"].schema, random) : undefined,
  };
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
  const { type, enum: words, anyOf, properties = {}, required = [], items } = schema.parse(of ?? {});
  if (words !== undefined) return pick(words, random);
  if (anyOf !== undefined) return valid(pick(anyOf, random), random);
  switch (type) {
    case "object": {
      const chosen = Object.entries(properties).filter(([name]) => required.includes(name) || random() < 0.5);
      return Object.fromEntries(chosen.map(([name, member]) => [name, valid(member, random)]));
    }
    case "array":
      return [valid(items, random)];
    case "boolean":
      return random() < 0.5;
    case "integer":
    case "number":
      return Math.floor(random() * 20);
    case "null":
      return null;
    case undefined:
    default:
      return pick(LIKELY, random);
  }
}

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
