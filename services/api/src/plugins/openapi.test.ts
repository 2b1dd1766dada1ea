import { contract, openClient } from "@nexus/contract";
import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ApiUnderTest, apiUnderTest } from "../api.fixture.ts";

const operation = z.looseObject({
  summary: z.string(),
  operationId: z.string(),
  responses: z.record(
    z.string(),
    z.object({
      description: z.string(),
      content: z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()) })),
    }),
  ),
});
const document = z.looseObject({
  openapi: z.literal("3.1.0"),
  paths: z.record(z.string(), z.record(z.string(), operation)),
});

let api: ApiUnderTest;
beforeEach(async (context) => {
  api = await apiUnderTest(context);
});

describe("the document of the API", () => {
  it("has every route that is registered, with a schema for each answer", async () => {
    const registered: string[] = [];
    api.app.addHook(
      "onRoute",
      ({ method, url }) => void registered.push(`${String(method)} ${url}`),
    );
    const { paths } = document.parse((await api.get("/openapi.json")).body);
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(
        (method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`,
      ),
    );
    const pages = / \/(docs|queues|openapi\.json|assets\/|$)|^HEAD /;
    expect(described.toSorted()).toEqual(
      registered.filter((route) => !pages.test(route)).toSorted(),
    );
    expect(described).toEqual(expect.arrayContaining(Object.keys(contract)));
    for (const one of Object.values(paths).flatMap((methods) => Object.values(methods)))
      for (const answer of Object.values(one.responses))
        for (const { schema } of Object.values(answer.content))
          expect(Object.keys(schema)).not.toEqual([]);
  });

  it("says what each route refuses, by its code", async () => {
    const { paths } = document.parse((await api.get("/openapi.json")).body);
    const start = paths["/v1/runs"]?.["post"]?.responses ?? {};
    expect(start["409"]?.description).toContain("`run_active`");
    expect(Object.keys(start["409"]?.content ?? {})).toEqual(["application/problem+json"]);
    expect(Object.keys(start)).toEqual(
      expect.arrayContaining(["201", "400", "401", "403", "422", "429", "503"]),
    );
  });

  it("is a page that names no other server, and is no reason for a line in the log", async () => {
    const warnings: unknown[] = [];
    const child = api.app.log.child.bind(api.app.log);
    api.app.log.child = (...given) =>
      Object.assign(child(...given), { warn: (...facts: unknown[]) => void warnings.push(facts) });
    for (const url of ["/docs", "/docs/static/swagger-ui.css", "/docs/json"]) {
      const { headers } = await api.app.inject(url);
      const policy = String(headers["content-security-policy"]);
      expect(policy).toContain("script-src 'self'");
      expect(policy).not.toMatch(/https?:|swagger\.io|upgrade-insecure/);
    }
    expect(warnings).toEqual([]);
  });

  it("can be read as a page, from files of our own", async () => {
    const page = await api.app.inject("/docs/");
    expect(page.statusCode).toBe(200);
    const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = ""]) => file);
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) {
      expect(file).not.toMatch(/^(https?:)?\/\//);
      const { statusCode } = await api.app.inject(new URL(file, "http://x/docs/").pathname);
      expect([file, statusCode]).toEqual([file, 200]);
    }
  });
});

describe("the client", () => {
  beforeEach(async () => {
    await api.app.listen({ port: 0, host: "127.0.0.1" });
  });

  it("calls by the contract, and throws the problem of what was not done", async () => {
    const client = openClient({ url: api.app.listeningOrigin });
    const { runId } = await client.call("POST /v1/runs", { body: { embeddings: false } });
    expect((await client.call("GET /v1/runs/:id", { params: { id: runId } })).run?.embeddings).toBe(
      false,
    );
    expect((await client.call("GET /v1/runs", { query: { limit: 1 } })).items).toHaveLength(1);
    await expect(client.call("POST /v1/runs")).rejects.toMatchObject({
      status: 409,
      code: "run_active",
      facts: { runId },
    });
  });
});
