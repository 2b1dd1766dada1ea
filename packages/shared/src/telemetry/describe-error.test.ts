import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { openPool, type Pool } from "../database/pool.ts";
import { freshDatabase } from "../testing/fresh.ts";
import { describeError } from "./describe-error.ts";

const CANARY = "canary-3141";

function thrown(by: () => unknown): unknown {
  try {
    return by();
  } catch (error) {
    return error;
  }
}

describe("what is told of an error", () => {
  it("of Zod is no value", () => {
    const error = thrown(() =>
      z.strictObject({ a: z.enum(["x"]) }).parse({ a: 1, [CANARY]: CANARY }),
    );
    expect(error).toBeInstanceOf(Error);
    expect(JSON.stringify(describeError(error))).not.toContain(CANARY);
  });

  it("of JSON.parse is no value", () => {
    expect(
      JSON.stringify(describeError(thrown(() => JSON.parse(`{"a": ${CANARY}`)))),
    ).not.toContain(CANARY);
  });

  it("of Node's system errors is code and message", () => {
    const error = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), {
      code: "ECONNREFUSED",
    });
    expect(describeError(error)).toMatchObject({ code: "ECONNREFUSED", message: error.message });
  });

  it("of our own is the message, the place in the code and the cause, described alike", () => {
    const cause = thrown(() => JSON.parse(CANARY));
    const facts = describeError(new Error("the settings cannot be read", { cause }));
    expect(facts).toMatchObject({
      message: "the settings cannot be read",
      cause: { name: "SyntaxError" },
    });
    expect(facts.at).toMatch(/describe-error\.test/);
    expect(JSON.stringify(facts)).not.toContain(CANARY);
  });

  it.each([CANARY, { message: CANARY }, null, undefined, 7])(
    "of what is no error is nothing",
    (value) => {
      expect(describeError(value)).toEqual({ name: "NonError" });
    },
  );

  it("of several errors in one is told of each", () => {
    const many = new AggregateError(
      [new Error("closing pool failed")],
      "not everything could be closed",
    );
    expect(JSON.stringify(describeError(many))).toContain("closing pool failed");
  });
});

describe("what is told of an error of PostgreSQL", () => {
  let pool: Pool;
  beforeEach(async (context) => {
    pool = openPool({
      url: await freshDatabase(context),
      max: 1,
      name: "test",
      onError: () => undefined,
    });
    await pool.query(
      `create table one (name text unique check (name !~ ' $'));
       insert into one values ('${CANARY}')`,
    );
    return () => pool.end();
  });

  it.each([
    ["23505, whose detail quotes the key", `insert into one values ('${CANARY}')`],
    ["23514, whose detail quotes the row", `insert into one values ('${CANARY} ')`],
    ["22P02, whose message quotes the value", `select '${CANARY}'::integer`],
    ["42601, whose message quotes the statement", CANARY],
  ])("of %s, is its code and no value", async (name, sql) => {
    const error: unknown = await pool.query(sql).catch((error: unknown) => error);
    const wrapped = describeError(new Error("a batch failed", { cause: error }));
    expect(wrapped.cause).toMatchObject({ code: name.slice(0, 5) });
    expect(JSON.stringify(wrapped)).not.toContain(CANARY);
  });
});
