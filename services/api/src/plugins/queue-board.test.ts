import { createHash } from "node:crypto";
import { loadQueueName, openTransport } from "@nexus/shared/queue";
import { freshDatabase, freshLedger, freshRedis } from "@nexus/shared/testing";
import { describe, expect, it, type TestContext } from "vitest";
import { ROLES } from "../access/roles.ts";
import { tokensVariable } from "../access/tokens.ts";
import { apiOn } from "../api.fixture.ts";

const job = { runId: 1, entity: "patients", batch: 7, generation: 1, from: 0, to: 10 };
const hash = (text: string) => createHash("sha256").update(text).digest("hex");
const tokens = tokensVariable.schema.parse(
  ROLES.map((role) => `${role}:${role}:${hash(role)}`).join(","),
);

describe.each([
  ["Redis", freshRedis],
  ["PostgreSQL", freshDatabase],
])("the board over %s", (_, queueUrl) => {
  it("shows admins what lies in a queue, and lets nobody touch it", async (context) => {
    const { ask, transport } = await board(context, await queueUrl(context));
    await transport.enqueue(loadQueueName("patients"), [{ id: "1.patients.7.1", data: job }]);
    expect((await ask("GET", "/queues", "admin")).body).toContain("Smile Nexus Migration");
    const shown = await ask(
      "GET",
      "/queues/api/queues?activeQueue=load-patients&status=waiting&page=1",
      "admin",
    );
    expect(shown.json()).toMatchObject({
      queues: expect.arrayContaining([
        expect.objectContaining({
          name: "load-patients",
          readOnlyMode: true,
          counts: expect.objectContaining({ waiting: 1 }),
        }),
      ]),
    });
    for (const [method, path] of CHANGES)
      expect((await ask(method, path, "admin")).statusCode, path).toBeGreaterThanOrEqual(400);
    expect(await transport.count("load-patients")).toBe(1);
  });

  it("asks everybody else for an admin's token", async (context) => {
    const { ask } = await board(context, await queueUrl(context));
    for (const path of ["/queues", "/queues/api/queues", "/queues/static/favicon.svg"]) {
      expect((await ask("GET", path, "operator")).statusCode, path).toBe(403);
      const refused = await ask("GET", path);
      expect([refused.statusCode, refused.headers["www-authenticate"]], path).toEqual([
        401,
        `Basic realm="nexus"`,
      ]);
    }
    const basic = Buffer.from("anybody:admin").toString("base64");
    expect((await ask("GET", "/queues", undefined, `Basic ${basic}`)).statusCode).toBe(200);
    expect((await ask("GET", "/v1/runs", undefined, `Basic ${basic}`)).statusCode).toBe(401);
  });
});

it("the board keeps the status of a refusal: too many requests, another origin", async (context) => {
  const transport = await openTransport({
    url: await freshRedis(context),
    prefix: "test",
    workers: 0,
    onError: () => undefined,
  });
  context.onTestFinished(() => transport.close());
  const queues = await transport.board([loadQueueName("patients")]);
  const { target, url } = await freshLedger(context);
  const few = apiOn(target, url, undefined, undefined, { tokens, requestsPerMinute: 3 }, queues);
  const headers = { authorization: "Bearer admin" };
  const statuses: number[] = [];
  for (let n = 1; n <= 4; n++)
    statuses.push((await few.app.inject({ url: "/queues/api/queues", headers })).statusCode);
  expect(statuses).toEqual([200, 200, 200, 429]);
  const open = apiOn(target, url, undefined, undefined, undefined, queues);
  for (const [url, given] of [
    ["/queues/api/queues", { host: "evil.example" }],
    ["/queues", { "x-forwarded-for": "203.0.113.9" }],
  ] as const) {
    const refused = await open.app.inject({ url, headers: given });
    expect([refused.statusCode, refused.json().code]).toEqual([403, "foreign_origin"]);
  }
});

const CHANGES = [
  ["PUT", "/queues/api/queues/load-patients/empty"],
  ["PUT", "/queues/api/queues/load-patients/pause"],
  ["PUT", "/queues/api/queues/load-patients/1.patients.7.1/clean"],
  ["PUT", "/queues/api/queues/load-patients/obliterate"],
  ["POST", "/queues/api/queues/load-patients/add"],
] as const;

async function board(context: TestContext, url: string) {
  const transport = await openTransport({
    url,
    prefix: "test",
    workers: 0,
    onError: () => undefined,
  });
  context.onTestFinished(() => transport.close());
  const ledger = await freshLedger(context);
  const queues = await transport.board(["load-patients"]);
  const access = { tokens, requestsPerMinute: 10_000 };
  const { app } = apiOn(ledger.target, ledger.url, undefined, undefined, access, queues);
  context.onTestFinished(() => app.close());
  const ask = async (
    method: "GET" | "PUT" | "POST",
    path: string,
    token?: string,
    authorization?: string,
  ) => {
    const given = authorization ?? (token === undefined ? undefined : `Bearer ${token}`);
    return await app.inject({
      method,
      url: path,
      ...(given === undefined ? {} : { headers: { authorization: given } }),
    });
  };
  return { ask, transport };
}
