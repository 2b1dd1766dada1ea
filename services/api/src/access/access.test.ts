import { createHash, randomBytes } from "node:crypto";
import { contract } from "@nexus/contract";
import { freshLedger } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { apiOn, type ApiUnderTest, apiUnderTest } from "../api.fixture.ts";
import { requireTokensBeyondLoopback } from "./loopback.ts";
import { needOf, reaches, type Role, ROLES } from "./roles.ts";
import { type Token, tokensVariable } from "./tokens.ts";

const secrets: Readonly<Record<Role, string>> = {
  viewer: secret(),
  operator: secret(),
  admin: secret(),
};
const tokens = parse(
  ROLES.map((role) => `${role}@lab:${role}:${sha256(secrets[role])}`).join(", \n"),
);
const routes = Object.keys(contract);

let api: ApiUnderTest;
beforeEach(async (context) => {
  const { target, url } = await freshLedger(context);
  api = apiOn(target, url, undefined, undefined, { tokens, requestsPerMinute: 200 });
});

describe("with tokens", () => {
  it.each(routes)("%s answers those whose role reaches, and nobody else", async (route) => {
    const need = needOf(...split(route)) ?? "nothing";
    const open = need === "public";
    expect(await statusOf(route), "without a token").toSatisfy((status) => open || status === 401);
    expect(await statusOf(route, secret()), "an unknown one").toSatisfy(
      (status) => open || status === 401,
    );
    for (const role of ROLES) {
      const status = await statusOf(route, secrets[role]);
      const passes = open || (need !== "nothing" && reaches(role, need));
      expect([role, status === 401 || status === 403]).toEqual([role, !passes]);
    }
  });

  it("change nothing for those who may not", async () => {
    for (const route of routes.filter((one) => one.startsWith("POST")))
      for (const presented of [undefined, secrets.viewer]) await statusOf(route, presented);
    for (const table of ["runs", "audit_log", "idempotency_keys"])
      expect((await api.target.query(`select from migration.${table}`)).rowCount, table).toBe(0);
  });

  it("puts the token's name and the reason on record, whatever the client calls itself", async () => {
    const headers = { authorization: `Bearer ${secrets.operator}`, "x-nexus-actor": "somebody" };
    await api.app.inject({
      method: "POST",
      url: "/v1/runs",
      headers,
      payload: { reason: "a rehearsal" },
    });
    const audit = await api.app.inject({
      url: "/v1/audit?action=start",
      headers: { authorization: `Bearer ${secrets.admin}` },
    });
    expect(audit.json()).toMatchObject({
      items: [{ id: 1, actor: "operator@lab", action: "start", runId: 1, reason: "a rehearsal" }],
      next: null,
    });
  });

  it("tells who asks, and with which role", async () => {
    const headers = { authorization: `Bearer ${secrets.operator}` };
    const { body } = await api.app.inject({ url: "/v1/me", headers });
    expect(JSON.parse(body)).toEqual({ name: "operator@lab", role: "operator", verified: true });
  });

  it("counts the requests of each token", async () => {
    const ask = async (role: Role) => await statusOf("GET /v1/runs", secrets[role]);
    const statuses: number[] = [];
    for (let n = 1; n <= 201; n++) statuses.push(await ask("viewer"));
    expect(statuses.filter((status) => status === 200)).toHaveLength(200);
    expect(statuses.at(-1)).toBe(429);
    expect(await ask("operator")).toBe(200);
    expect(await statusOf("GET /healthz", secrets.viewer)).toBe(200);
    const refused = await api.app.inject({
      url: "/v1/runs",
      headers: { authorization: `Bearer ${secrets.viewer}` },
    });
    expect(refused.json()).toMatchObject({ status: 429, code: "rate_limited" });
    expect(refused.headers["retry-after"]).toBeDefined();
  });

  it("counts callers without one by the address that a trusted proxy names, and by no other word", async () => {
    const access = { tokens, requestsPerMinute: 3 };
    const url = api.target.options.connectionString ?? "";
    const ask = async (app: ApiUnderTest, address: string) => {
      const headers = { "x-forwarded-for": address };
      return (await app.app.inject({ url: "/v1/runs", headers })).statusCode;
    };
    const believing = apiOn(api.target, url, undefined, undefined, {
      ...access,
      trustedProxies: ["loopback"],
    });
    const doubting = apiOn(api.target, url, undefined, undefined, access);
    const statuses = async (app: ApiUnderTest) => [
      ...(await Promise.all([1, 2, 3].map(() => ask(app, "203.0.113.1")))),
      await ask(app, "203.0.113.1"),
      await ask(app, "203.0.113.2"),
    ];
    expect(await statuses(believing)).toEqual([401, 401, 401, 429, 401]);
    expect(await statuses(doubting)).toEqual([401, 401, 401, 429, 429]);
  });

  it("tells browsers to be careful", async () => {
    const { headers } = await api.app.inject("/healthz");
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "SAMEORIGIN",
      "cache-control": "no-store",
      "content-security-policy": expect.stringContaining("default-src 'self'"),
    });
  });
});

describe("without tokens", () => {
  beforeEach(async (context) => {
    api = await apiUnderTest(context);
  });

  it.each([
    ["a page of another origin", { origin: "https://evil.example" }],
    ["a name that was made to point here", { host: "evil.example" }],
    ["a sandboxed page", { origin: "null" }],
    ["a page of another site", { "sec-fetch-site": "cross-site" }],
    ["whom a proxy of this machine speaks for", { "x-forwarded-for": "203.0.113.9" }],
    ["whom a proxy speaks for, by the standard", { forwarded: "for=203.0.113.9" }],
    ["whom nginx speaks for", { "x-real-ip": "203.0.113.9" }],
    ["whom a cache speaks for", { via: "1.1 varnish" }],
    ["a proxy that says only which name was asked", { "x-forwarded-host": "localhost" }],
    ["a proxy that says only how it was asked", { "x-forwarded-proto": "https" }],
    ["whom Cloudflare speaks for", { "cf-connecting-ip": "203.0.113.9" }],
    [
      "a proxy that claims to be this machine",
      { "x-forwarded-for": "127.0.0.1", host: "localhost" },
    ],
    ["a name with a port that was made to point here", { host: "evil.example:8080" }],
    ["a name that begins like ours", { host: "localhost.evil.example" }],
  ])("does nothing for %s", async (_, headers) => {
    const answer = await api.app.inject({ method: "POST", url: "/v1/runs", headers });
    expect(answer.json()).toMatchObject({ status: 403, code: "foreign_origin" });
    expect((await api.target.query("select from migration.runs")).rowCount).toBe(0);
  });

  it("listens on loopback only", () => {
    for (const host of ["0.0.0.0", "::", "10.0.0.7", "db.example"]) {
      expect(() => requireTokensBeyondLoopback(host, [])).toThrow("set API_TOKENS");
      expect(() => requireTokensBeyondLoopback(host, tokens)).not.toThrow();
    }
    for (const host of ["127.0.0.1", "localhost", "::1"]) requireTokensBeyondLoopback(host, []);
  });
});

describe("API_TOKENS", () => {
  it.each([
    "sam",
    "sam:viewer:123",
    `sam:root:${sha256("x")}`,
    `:viewer:${sha256("x")}`,
    "sam:viewer:s3cret",
  ])("refuses %s without repeating it", (given) => {
    const parsed = tokensVariable.schema.safeParse(given);
    expect(parsed.success).toBe(false);
    expect(parsed.error?.issues.map(({ message }) => message)).toEqual([
      expect.stringContaining("must be name:role:sha256"),
    ]);
  });
});

describe("a route that nobody thought of", () => {
  it("keeps the API from starting", async () => {
    expect(() => api.app.get("/v1/unheard-of", () => "")).toThrow(
      "GET /v1/unheard-of needs a line",
    );
  });
});

async function statusOf(route: string, presented?: string): Promise<number> {
  const [method, path] = split(route);
  const url = path.replace(":id", "1").replace(":entity", "patients").replace(":legacyId", "1");
  const response = await api.app.inject({
    method,
    url,
    ...(presented === undefined ? {} : { headers: { authorization: `Bearer ${presented}` } }),
    payloadAsStream: true,
  });
  response.stream().destroy();
  return response.statusCode;
}

function split(route: string): ["GET" | "POST", string] {
  const [method, path = ""] = route.split(" ");
  return [method === "POST" ? "POST" : "GET", path];
}

function parse(given: string): readonly Token[] {
  return tokensVariable.schema.parse(given);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function secret(): string {
  return randomBytes(32).toString("hex");
}
