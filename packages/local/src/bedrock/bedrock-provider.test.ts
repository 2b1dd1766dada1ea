/** The real AWS SDK against the stand-in. */
import { inspect } from "node:util";
import { describeError } from "@nexus/shared/telemetry";
import { openProvider } from "@nexus/shared/embedding";
import { eventually } from "@nexus/shared/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type FaultName, FAULT_NAMES } from "./faults.ts";
import { bedrockUnderTest, never } from "./provider.fixture.ts";

const CANARY = "Wilhelmina Zzyzx, lower left molar";

const failures: Record<FaultName, string> = {
  throttled: "throttled ThrottlingException",
  "model-not-ready": "throttled ModelNotReadyException",
  "model-timeout": "retry ModelTimeoutException",
  "model-error": "retry ModelErrorException",
  internal: "retry InternalServerException",
  unavailable: "retry ServiceUnavailableException",
  "access-denied": "stop AccessDeniedException",
  "not-entitled": "stop ValidationException",
  "quota-exceeded": "stop ServiceQuotaExceededException",
  "not-found": "stop ResourceNotFoundException",
  "malformed-body": "retry MalformedResponse",
  "malformed-error": "retry MalformedResponse",
  "wrong-dimensions": "retry WrongDimensions",
  "not-finite": "retry MalformedResponse",
  zeros: "retry NoDirection",
  reset: "retry ECONNRESET",
  hang: "retry ETIMEDOUT",
};

afterEach(() => void vi.restoreAllMocks());

describe("a fault of Bedrock", () => {
  it.each(FAULT_NAMES)(
    "%s is one call, has its kind of failure, and writes no text anywhere",
    async (fault) => {
      const written = [vi.spyOn(process.stdout, "write"), vi.spyOn(process.stderr, "write")];
      const printed = [
        vi.spyOn(console, "log"),
        vi.spyOn(console, "warn"),
        vi.spyOn(console, "error"),
      ];
      const timeoutMs = fault === "hang" ? 1_000 : 30_000;
      const { server, provider } = await bedrockUnderTest(
        { faults: [{ fault, calls: 1 }] },
        { timeoutMs },
      );
      const failure: unknown = await provider.embed(CANARY, never).catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: "EmbeddingFailure" });
      expect(
        `${Reflect.get(Object(failure), "kind")} ${Reflect.get(Object(failure), "code")}`,
      ).toBe(failures[fault]);
      expect(server.bill()).toMatchObject({ calls: 1, billed: 0, faults: 1 });
      const told = [
        failure,
        describeError(failure),
        ...[...written, ...printed].flatMap((spy) => spy.mock.calls),
      ];
      expect(inspect(told, { depth: 10, showHidden: true })).not.toContain("Zzyzx");
      if (fault !== "hang") expect((await provider.embed(CANARY, never)).tokens).toBe(8);
    },
  );

  it("is not that a text has too many tokens: that is said, so that it can be cut", async () => {
    const { provider } = await bedrockUnderTest({ charactersPerToken: 1 });
    const refused = provider.embed("7".repeat(8_193), never);
    await expect(refused).rejects.toMatchObject({ kind: "item", tooLong: true });
    await expect(provider.embed(" ", never)).rejects.toMatchObject({
      kind: "item",
      tooLong: false,
    });
    expect((await provider.embed("7".repeat(8_192), never)).tokens).toBe(8_192);
  });

  it("that asks to stay away says how long", async () => {
    const { provider } = await bedrockUnderTest({
      retryAfterSeconds: 3,
      faults: [{ fault: "throttled" }],
    });
    await expect(provider.embed("crown", never)).rejects.toMatchObject({
      kind: "throttled",
      retryAfterMs: 3_000,
    });
  });

  it("is an error of the connection when nobody listens", async () => {
    const { server, provider } = await bedrockUnderTest();
    await server.close();
    await expect(provider.embed("crown", never)).rejects.toMatchObject({
      kind: "retry",
      code: "ECONNREFUSED",
    });
  });

  it("costs nothing but the call that waits for it: a signal ends that one", async () => {
    const { server, provider } = await bedrockUnderTest({ faults: [{ fault: "hang", calls: 1 }] });
    const caller = new AbortController();
    const call = provider.embed("crown", caller.signal).catch((error: unknown) => error);
    await eventually(() => server.bill().calls === 1);
    caller.abort(new Error("shutting down"));
    expect(await call).toMatchObject({ message: "shutting down" });
    expect((await provider.embed("crown", never)).tokens).toBe(2);
  });
});

describe("calls of Bedrock", () => {
  it("one after the other use one connection, 200 of them", async () => {
    const { server, provider } = await bedrockUnderTest();
    for (let n = 0; n < 200; n++) await provider.embed(`crown ${n}`, never);
    expect(server.bill()).toMatchObject({
      calls: 200,
      billed: 200,
      distinctTexts: 200,
      connections: 1,
    });
  });

  it("at a time are as many as the concurrency, the others wait for a socket", async () => {
    const { server, provider } = await bedrockUnderTest({ latencyMs: 5 }, { concurrency: 60 });
    await Promise.all(Array.from({ length: 300 }, (_, n) => provider.embed(`crown ${n}`, never)));
    expect(server.bill()).toMatchObject({ billed: 300, connections: 60 });
  });
});

describe("the SDK's own settings", () => {
  it("an API key in AWS_BEARER_TOKEN_BEDROCK wins over other credentials", async () => {
    const { server } = await bedrockUnderTest();
    vi.stubEnv("AWS_BEARER_TOKEN_BEDROCK", "key");
    const provider = await openProvider({ provider: "bedrock", concurrency: 1, timeoutMs: 30_000 });
    await expect(provider.embed("crown", never)).rejects.toMatchObject({
      kind: "stop",
      code: "AccessDeniedException",
    });
    expect(server.bill()).toMatchObject({ calls: 1, billed: 0 });
    await provider.close();
  });

  it.each([
    ["AWS_REGION", undefined],
    ["AWS_BEARER_TOKEN_BEDROCK", ""],
  ])("%s being '%s' is said at once", async (name, value) => {
    await bedrockUnderTest();
    vi.stubEnv("AWS_CONFIG_FILE", "/dev/null");
    vi.stubEnv(name, value);
    const opened = openProvider({ provider: "bedrock", concurrency: 1, timeoutMs: 30_000 });
    await expect(opened).rejects.toMatchObject({ name: "ConfigurationError" });
    await expect(opened).rejects.toThrow(name);
  });

  it("no credentials at all stops the pool", async () => {
    await bedrockUnderTest();
    vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
    vi.stubEnv("AWS_CONFIG_FILE", "/dev/null");
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    const provider = await openProvider({ provider: "bedrock", concurrency: 1, timeoutMs: 30_000 });
    const failure = { kind: "stop", code: "CredentialsProviderError" };
    await expect(provider.embed("crown", never)).rejects.toMatchObject(failure);
    await provider.close();
  });
});
