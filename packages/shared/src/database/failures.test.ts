import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { errorCode, nextStep } from "./failures.ts";
import { openPool } from "./pool.ts";

const withCode = (code: string): Error => Object.assign(new Error("of PostgreSQL"), { code });

describe("what happens next after an error", () => {
  it.each([
    ["08006", "wait", "the connection failed"],
    ["57P01", "wait", "the server shuts down"],
    ["57P03", "wait", "the server starts up"],
    ["ECONNREFUSED", "wait", "nobody listens"],
    ["ECONNRESET", "wait", "the connection broke"],
    ["EAI_AGAIN", "wait", "the name server is away"],
    ["40001", "retry", "serialization failed"],
    ["40P01", "retry", "deadlock"],
    ["53300", "retry", "too many connections"],
    ["55P03", "retry", "a lock was not to be had"],
    ["57014", "retry", "the statement took too long"],
    ["25P03", "retry", "the transaction sat idle"],
    ["22001", "row", "text too long"],
    ["22P02", "row", "malformed value"],
    ["23503", "row", "parent missing"],
    ["23505", "row", "duplicate key"],
    ["42P01", "person", "no such table"],
    ["42501", "person", "no privilege"],
    ["28P01", "person", "wrong password"],
    ["P0001", "person", "a trigger raised"],
    ["XX000", "person", "internal error"],
  ])("%s is: %s (%s)", (code, step) => {
    expect(nextStep(withCode(code))).toBe(step);
  });

  it("of no code is for a person, and so is what is no error", () => {
    expect(nextStep(new TypeError("a defect"))).toBe("person");
    expect(nextStep("08006")).toBe("person");
    expect(errorCode({ code: "08006" })).toBeUndefined();
    expect(errorCode(Object.assign(new Error("x"), { code: 7 }))).toBeUndefined();
  });

  it("is to wait where node-postgres says without a code that the connection ended", async (context) => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    context.onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const pool = openPool({
      url: `postgres://u@127.0.0.1:${port}/d`,
      max: 1,
      name: "test",
      onError: () => undefined,
    });
    const error: unknown = await pool.query("select 1").catch((error: unknown) => error);
    await pool.end();
    expect(nextStep(error)).toBe("wait");
  });
});
