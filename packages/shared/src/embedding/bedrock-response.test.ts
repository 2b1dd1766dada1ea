import { describe, expect, it } from "vitest";
import { readEmbedding } from "./bedrock-response.ts";
import { DIMENSIONS } from "./provider.ts";

const bytes = (body: unknown) =>
  new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
const numbers = (value: number) => Array.from({ length: DIMENSIONS }, () => value);

describe("a response of the model", () => {
  it("becomes a vector of length 1 and its tokens", () => {
    const { vector, tokens } = readEmbedding(
      bytes({ embedding: numbers(3), inputTextTokenCount: 7 }),
    );
    expect(tokens).toBe(7);
    expect(vector).toEqual(new Float32Array(DIMENSIONS).fill(1 / 32));
  });

  const malformed: readonly (readonly [string, unknown, string])[] = [
    ["JSON that ends too early", '{"embedding":[0.1,', "MalformedResponse"],
    ["no vector", { inputTextTokenCount: 7 }, "MalformedResponse"],
    ["no count of tokens", { embedding: numbers(1) }, "MalformedResponse"],
    ["a number as text", { embedding: ["1"], inputTextTokenCount: 7 }, "MalformedResponse"],
    [
      "infinity",
      `{"embedding":[${"1e999,".repeat(1023)}1],"inputTextTokenCount":7}`,
      "MalformedResponse",
    ],
    ["another length", { embedding: [1, 2], inputTextTokenCount: 7 }, "WrongDimensions"],
    ["zeros only", { embedding: numbers(0), inputTextTokenCount: 7 }, "NoDirection"],
    [
      "more than a float holds",
      { embedding: numbers(1e300), inputTextTokenCount: 7 },
      "NoDirection",
    ],
  ];
  it.each(malformed)("with %s is asked for again", (_, body, code) => {
    expect(() => readEmbedding(bytes(body))).toThrow(
      expect.objectContaining({ kind: "retry", code }),
    );
  });
});
