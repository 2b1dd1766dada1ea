/** What every embedding provider keeps to. */
import {
  DIMENSIONS,
  estimateTokens,
  openProvider,
  type Provider,
  PROVIDERS,
} from "@nexus/shared/embedding";
import { describe, expect, it } from "vitest";
import { bedrockUnderTest, never } from "./provider.fixture.ts";

const open: Record<(typeof PROVIDERS)[number], () => Promise<Provider>> = {
  local: () => openProvider({ provider: "local", concurrency: 1, timeoutMs: 1 }),
  bedrock: async () => (await bedrockUnderTest()).provider,
};

const lengthOf = (vector: Float32Array) => Math.hypot(...vector);

describe.each(PROVIDERS)("provider %s", (name) => {
  it("names its model and its dimensions", async () => {
    const provider = await open[name]();
    expect(provider.model).toMatch(/^[a-z0-9.:-]+$/);
    expect(provider.dimensions).toBe(DIMENSIONS);
  });

  it("makes a normalised vector of finite numbers, and counts tokens", async () => {
    const { vector, tokens } = await (await open[name]()).embed("Zirconia crown, shade A2", never);
    expect(vector).toBeInstanceOf(Float32Array);
    expect(vector).toHaveLength(DIMENSIONS);
    expect(lengthOf(vector)).toBeCloseTo(1, 5);
    expect(tokens).toBeGreaterThan(0);
  });

  it("gives equal texts equal vectors, other texts other ones", async () => {
    const provider = await open[name]();
    const [one, again, other] = await Promise.all(
      ["crown ü 🦷", "crown ü 🦷", "bridge"].map((text) => provider.embed(text, never)),
    );
    expect(again).toEqual(one);
    expect(other?.vector).not.toEqual(one?.vector);
  });

  it("estimates about as many tokens as it counts", async () => {
    const provider = await open[name]();
    const text = "crown and bridge ".repeat(100);
    const { tokens } = await provider.embed(text, never);
    expect(provider.estimateTokens(text)).toBeGreaterThan(tokens / 2);
    expect(provider.estimateTokens(text)).toBeLessThan(tokens * 2);
    expect(provider.estimateTokens("a")).toBe(1);
  });

  const unembeddable = {
    empty: "",
    blank: " \n\t\u00a0",
    "of 50,001 characters": "a".repeat(50_001),
    "of 8,193 tokens": "crown ".repeat(6_418),
  };
  it.each(Object.entries(unembeddable))(
    "refuses a text that is %s, without quoting it",
    async (_, text) => {
      const failure: unknown = await (
        await open[name]()
      )
        .embed(text, never)
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: "EmbeddingFailure", kind: "item", retryAfterMs: null });
      expect(String(failure).length).toBeLessThan(100);
    },
  );

  it("takes a text of exactly 8,192 tokens", async () => {
    const text = "crown ".repeat(6_417).slice(0, 38_502);
    expect(estimateTokens(text)).toBe(8_192);
    expect((await (await open[name]()).embed(text, never)).tokens).toBe(8_192);
  });

  it("ends with the signal's reason when that has fired", async () => {
    const aborted = AbortSignal.abort(new Error("shutting down"));
    await expect((await open[name]()).embed("crown", aborted)).rejects.toThrow("shutting down");
  });

  it("closes twice without complaint", async () => {
    const provider = await open[name]();
    await provider.embed("crown", never);
    await provider.close();
    await provider.close();
  });
});
