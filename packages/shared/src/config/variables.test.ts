import { describe, expect, it } from "vitest";
import { databaseUrl, number, queueUrl, text, type Variable } from "./variables.ts";

const meaning = "a variable of this test";

function accepts(variable: Variable<unknown>, value: string): boolean {
  return variable.schema.safeParse(value).success;
}

describe("a number", () => {
  it.each(["0", "-3", "10"])("may be %s", (value) => {
    expect(accepts(number(-3, 10, { meaning }), value)).toBe(true);
  });
  it.each(["11", "-4", "1.5", "1e1", " 5", "0x1", "five", "9".repeat(30)])("may not be %j", (value) => {
    expect(accepts(number(-3, 10, { meaning }), value)).toBe(false);
  });
});

describe("a text", () => {
  it("may not be empty", () => {
    expect(accepts(text({ meaning }), "")).toBe(false);
  });
});

describe("the URL of a database", () => {
  it.each(["postgres://u:p@host:5432/db", "postgresql://host/db", "postgres://host/db?sslmode=require"])(
    "may be %s",
    (value) => expect(accepts(databaseUrl({ meaning }), value)).toBe(true),
  );
  it.each(["redis://host", "host:5432", "mysql://host/db", "postgres://pooler.supabase.com:6543/postgres"])(
    "may not be %s",
    (value) => expect(accepts(databaseUrl({ meaning }), value)).toBe(false),
  );
});

describe("the URL of the queue", () => {
  it.each(["redis://host:6379", "rediss://host", "redis://host/3", "postgres://host:5432/db"])(
    "may be %s",
    (value) => expect(accepts(queueUrl({ meaning }), value)).toBe(true),
  );
  it.each(["amqp://host", "localhost:6379", "postgres://host:6543/db"])("may not be %s", (value) =>
    expect(accepts(queueUrl({ meaning }), value)).toBe(false),
  );
});
