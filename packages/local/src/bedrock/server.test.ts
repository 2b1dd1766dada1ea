/** The stand-in's HTTP, as a client sees it that is not the AWS SDK. */
import { lexicalVector } from "@nexus/shared/embedding";
import { startService } from "@nexus/shared/testing";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { type BedrockOptions, startBedrock } from "./server.ts";

const MODEL = "amazon.titan-embed-text-v2%3A0";
const SIGNED = {
  authorization: `AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=${"0f".repeat(32)}`,
  "x-amz-date": "20260101T000000Z",
};

async function open(options: BedrockOptions = {}) {
  const server = await startBedrock(options);
  onTestFinished(() => server.close());
  const post = (path: string, body: unknown, headers: Record<string, string> = SIGNED) =>
    fetch(server.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  const invoke = (body: unknown, headers?: Record<string, string>) =>
    post(`/model/${MODEL}/invoke`, body, headers);
  return { server, post, invoke };
}

async function refusalOf(response: Response) {
  const type = response.headers.get("x-amzn-errortype")?.split(":")[0];
  const body = await response.json();
  return [response.status, type, Object.keys(Object(body))];
}

describe("the stand-in for Bedrock", () => {
  it("answers as the model does: the vector twice, the tokens twice, a request id", async () => {
    const { invoke } = await open();
    const response = await invoke({
      inputText: "crown on molar",
      dimensions: 1024,
      normalize: true,
    });
    const body = await response.json();
    const vector = Array.from(lexicalVector("crown on molar"));
    expect(body).toEqual({
      embedding: vector,
      embeddingsByType: { float: vector },
      inputTextTokenCount: 3,
    });
    expect(response.headers.get("x-amzn-requestid")).toMatch(/^[0-9a-f-]{36}$/);
    expect(response.headers.get("x-amzn-bedrock-input-token-count")).toBe("3");
    expect(Number(response.headers.get("content-length"))).toBeGreaterThan(40_000);
  });

  it.each([
    ["no signature", {}],
    ["another scheme", { authorization: "Basic a2V5OnNlY3JldA==" }],
    ["an API key", { authorization: "Bearer key" }],
    ["a cut signature", { ...SIGNED, authorization: SIGNED.authorization.slice(0, -1) }],
    ["no date", { authorization: SIGNED.authorization }],
  ])("refuses %s with 403", async (_, headers: Record<string, string>) => {
    const { server, invoke } = await open();
    expect((await invoke({ inputText: "crown" }, headers)).status).toBe(403);
    expect(server.bill()).toMatchObject({ calls: 1, billed: 0 });
  });

  it.each([
    ["blank", { inputText: " \n" }],
    ["absent", {}],
    ["no text", { inputText: 7 }],
    ["of 50,001 characters", { inputText: "a".repeat(50_001) }],
    ["of 8,193 tokens", { inputText: "a".repeat(38_503) }],
    ["asked for in other dimensions", { inputText: "crown", dimensions: 3 }],
    ["accompanied by what it does not know", { inputText: "crown", topP: 1 }],
  ])("refuses a text that is %s with 400", async (_, body) => {
    const { server, invoke } = await open();
    expect(await refusalOf(await invoke(body))).toEqual([400, "ValidationException", ["message"]]);
    expect(server.bill()).toMatchObject({ calls: 1, billed: 0, tokens: 0 });
  });

  it("knows one model", async () => {
    const { post } = await open();
    const response = await post("/model/amazon.titan-embed-text-v1/invoke", { inputText: "crown" });
    expect(await refusalOf(response)).toEqual([404, "ResourceNotFoundException", ["message"]]);
  });

  it("keeps its quota of requests and of tokens", async () => {
    const { server, invoke, post } = await open({ requestsPerMinute: 2 });
    const statuses = await Promise.all(
      [1, 2, 3].map(async (n) => (await invoke({ inputText: `crown ${n}` })).status),
    );
    expect(statuses.filter((status) => status === 429)).toHaveLength(1);
    await post("/schedule", { requestsPerMinute: null, tokensPerMinute: 5, retryAfterSeconds: 2 });
    const throttled = await invoke({ inputText: "crown" });
    expect(throttled.headers.get("retry-after")).toBe("2");
    expect(await refusalOf(throttled)).toEqual([429, "ThrottlingException", ["message"]]);
    expect(server.bill()).toMatchObject({ calls: 4, billed: 2, throttled: 2 });
  });

  it("keeps a bill: a text that comes again costs again, but is one text", async () => {
    const { server, invoke } = await open();
    for (const inputText of ["crown", "bridge", "crown"]) await invoke({ inputText });
    const bill = await (await fetch(`${server.url}/bill`)).json();
    expect(bill).toEqual(server.bill());
    expect(bill).toMatchObject({
      calls: 3,
      billed: 3,
      tokens: 6,
      distinctTexts: 2,
      throttled: 0,
      faults: 0,
    });
  });

  it("says what is wrong with a schedule, and keeps the one it has", async () => {
    const { post, invoke } = await open();
    const response = await post("/schedule", {
      requestsPerMinute: 0,
      faults: [{ fault: "earthquake" }],
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("faults");
    expect((await invoke({ inputText: "crown" })).status).toBe(200);
  });

  it("runs as a process of its own", async () => {
    const main = fileURLToPath(new URL("../../dist/serve-bedrock.js", import.meta.url));
    const args = ["--schedule", '{"requestsPerMinute":0}'];
    const process = await startService({ name: "bedrock", main, env: {}, args });
    const [line] = process.logs();
    const response = await fetch(`${String(line?.["url"])}/model/${MODEL}/invoke`, {
      method: "POST",
      headers: SIGNED,
      body: '{"inputText":"crown"}',
    });
    expect(response.status).toBe(429);
    expect(await process.kill("SIGTERM")).toEqual({ code: 0, signal: null });
  });
});
