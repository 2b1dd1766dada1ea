/** The API describes itself: `/openapi.json`, and `/docs` to read it, from files of our own. */
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { problem, type ProblemCode, PROBLEMS, type RouteContract } from "@nexus/contract";
import type { FastifySchema, RouteOptions } from "fastify";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import { z } from "zod";
import { type Need, needOf } from "../access/roles.ts";
import type { App } from "../server.ts";

/** Describes every route that is added after it. */
export function describeRoutes(app: App): void {
  app.addHook("onRoute", describe);
  void app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Smile Nexus Migration",
        version: "1",
        description:
          "Starts, stops and explains a migration. Errors are application/problem+json with a stable `code`. " +
          "A POST with an `Idempotency-Key` is done once: repeating it repeats its answer, for 24 hours. If the process that does it dies, the key " +
          "answers 409 `idempotency_in_flight` for a minute; then 409 `already_done`, with what was " +
          "done and its run, if it was; otherwise the request is done, against what is true by then.",
      },
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    },
    transform: jsonSchemaTransform,
  });
  void app.register(swaggerUi, {
    routePrefix: "/docs",
    theme: { title: "Smile Nexus Migration" },
  });
  app.after(() => {
    app.get("/openapi.json", { schema: { hide: true } }, () => app.swagger());
  });
}

const onceHeaders = z.looseObject({
  "idempotency-key": z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, "must be up to 255 visible ASCII characters")
    .optional()
    .meta({
      description: "Repeating the request with the same key does it once, and repeats the answer.",
    }),
});

/** Adds what is true of every route of its kind: problems, the role, the idempotency key. */
function describe(route: RouteOptions): void {
  const { schema, url } = route;
  if (schema === undefined || schema.hide === true) return;
  const method = [route.method].flat()[0] ?? "GET";
  const need = needOf(method, url) ?? "public";
  const { problems = [], texts = [], ...given } = asContract(schema);
  const codes = [...problems, ...commonProblems(schema, method, need)];
  route.schema = {
    ...given,
    ...(need === "public" ? { description: "Needs no token." } : guarded(method, need)),
    tags: [url.split("/")[2] ?? "health"],
    operationId: nameOf(method, url),
    response: { ...documented(codes), ...withTexts(texts, asRecord(schema.response)) },
  };
}

function guarded(method: string, need: Need) {
  return {
    description: `Needs the role ${need}.`,
    security: [{ token: [] }],
    ...(method === "POST" ? { headers: onceHeaders } : {}),
  };
}

function asContract(schema: FastifySchema & Pick<Partial<RouteContract>, "problems" | "texts">) {
  return schema;
}

/** What is answered as JSON, or as text in other media types. */
function withTexts(
  texts: readonly string[],
  response: Record<string, unknown>,
): Record<string, unknown> {
  if (texts.length === 0) return response;
  const asText = texts.map((type) => [type, { schema: z.string() }]);
  const content = {
    "application/json": { schema: response["200"] },
    ...Object.fromEntries(asText),
  };
  return { ...response, 200: { description: "In the format that is asked for.", content } };
}

/** The problems that a route may answer because of what it is. */
function commonProblems(schema: FastifySchema, method: string, need: Need): ProblemCode[] {
  const takes = schema.params ?? schema.querystring ?? schema.body;
  return [
    ...(takes === undefined && method !== "POST" ? [] : ["invalid_request" as const]),
    ...(need === "public"
      ? []
      : (["unauthenticated", "forbidden", "foreign_origin", "rate_limited"] as const)),
    ...(method === "POST"
      ? ([
          "too_large",
          "unsupported_media_type",
          "idempotency_in_flight",
          "idempotency_key_reused",
        ] as const)
      : []),
    "internal",
    ...(need === "public"
      ? []
      : (["busy", "unavailable", "not_migrated", "target_denies"] as const)),
  ];
}

/** One answer for each status, whose description lists the codes. */
function documented(codes: readonly ProblemCode[]): Record<string, object> {
  const statuses = new Set(codes.flatMap((code) => [...PROBLEMS[code].statuses]));
  return Object.fromEntries(
    [...statuses].map((status) => {
      const here = codes.filter((code) => PROBLEMS[code].statuses.some((one) => one === status));
      const description = here.map((code) => `\`${code}\`: ${PROBLEMS[code].means}`).join("; ");
      return [
        status,
        { description, content: { "application/problem+json": { schema: problem } } },
      ];
    }),
  );
}

function asRecord(response: unknown): Record<string, unknown> {
  return typeof response === "object" && response !== null ? { ...response } : {};
}

/** `POST /v1/runs/:id/pause` is postRunsIdPause. */
function nameOf(method: string, url: string): string {
  const words = url.split(/[^a-zA-Z0-9]+/).filter((word) => word !== "" && word !== "v1");
  return (
    method.toLowerCase() + words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join("")
  );
}
