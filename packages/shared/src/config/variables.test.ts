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
  it.each(["11", "-4", "1.5", "1e1", " 5", "0x1", "five", "9".repeat(30)])(
    "may not be %j",
    (value) => {
      expect(accepts(number(-3, 10, { meaning }), value)).toBe(false);
    },
  );
});

describe("a text", () => {
  it("may not be empty", () => {
    expect(accepts(text({ meaning }), "")).toBe(false);
  });
});

function complaint(variable: Variable<unknown>, value: string): string {
  const { success, error } = variable.schema.safeParse(value);
  const said = success ? "none" : (error.issues[0]?.message ?? "");
  for (const secret of ["tr0ub4dor", "s3cret"]) expect(said).not.toContain(secret);
  return said;
}

describe("the URL of a database", () => {
  it.each([
    "postgres://u:p@host:5432/db",
    "postgresql://host/db",
    "postgres://host/db?sslmode=require",
    "postgres://u:p%40%2F%3F%23%25%3A@host/db",
    "postgres://u@[::1]:5432/db",
    "postgres:///db?host=/var/run/postgresql",
    "postgres://host/db?options=-c%20search_path%3Dlegacy&application_name=x",
    "postgres://host/db?sslmode=verify-full&sslrootcert=system",
    "postgres://host/db?sslmode=require&channel_binding=require&connect_timeout=10",
  ])("may be %s", (value) => expect(complaint(databaseUrl({ meaning }), value)).toBe("none"));

  it.each([
    ["redis://host", "must look like postgres://"],
    ["host:5432", "must look like postgres://"],
    ["mysql://host/db", "must look like postgres://"],
    ["postgres://pooler.supabase.com:6543/postgres", "uses port 6543"],
    ["postgres://pooler.supabase.com/postgres?port=6543", "uses port 6543"],
    ["postgres://u:tr0ub4dor@host/db?port=abc", "has a port that is no number"],
    ["postgres://u:tr0ub4dor@host/db?port=0", "has a port that is no number"],
    ["postgres://u:tr0ub4dor@host:abc/db", "is no URL: a port is a number"],
    ["postgres://u:tr0ub4dor@host:70000/db", "is no URL: a port is a number"],
    ["postgres://u:s3cret/tr0ub4dor@host/db", "is no URL"],
    ["postgres://u:s3cret#tr0ub4dor@host/db", "is no URL"],
    ["postgres://u:tr0ub4dor%@host/db", "holds a % that encodes nothing"],
    ["postgres://u:tr0ub4dor%zz@host/db", "holds a % that encodes nothing"],
    ["postgres://u:tr0ub4dor%ff@host/db", "holds an encoding that is none of UTF-8"],
    ["postgres://u:tr0ub4dor@host/db%00", "holds an encoding that is none of UTF-8"],
    ["postgres://u:tr0ub4dor@host/db ", "begins or ends with a blank"],
    ["postgres://u:tr0ub4dor@host/db\n", "begins or ends with a blank"],
    [" postgres://u:tr0ub4dor@host/db", "begins or ends with a blank"],
    ["postgres://u:tr0ub4dor@host/db%20", "a database that begins or ends with a blank"],
    ["postgres://u:tr0ub4dor@host/my db", "holds a blank"],
    ["postgres://u:tr0ub4dor@host/d\tb", "holds a blank"],
    ['"postgres://u:tr0ub4dor@host/db"', "is in quotes"],
    ["postgres://u:tr0ub4dor@host", "names no database"],
    ["postgres://u:tr0ub4dor@host/", "names no database"],
    ["postgres://u:tr0ub4dor@/db", "names no host"],
    ["postgres:///db", "names no host"],
    ["postgres://u:tr0ub4dor@one:5432,two:5432/db", "names several hosts"],
    ["postgres://u:tr0ub4dor@one,two/db", "names several hosts"],
    ["postgres://u:tr0ub4dor@host/db?ssl_mode=require", "did you mean sslmode?"],
    ["postgres://u:tr0ub4dor@host/db?client_encoding=LATIN1", "LEGACY_ENCODING says in what"],
    ["postgres://u:tr0ub4dor@host/db?max=3", "a parameter behind its ? that is not understood"],
    [
      "postgres://u:tr0ub4dor@host/db?password=s3cret",
      "a parameter behind its ? that is not understood",
    ],
    ["postgres://u:tr0ub4dor@host/db?sslmode=full", "has an sslmode that is none of disable"],
    ["postgres://u:tr0ub4dor@host/db?sslmode=disable&sslmode=require", "says sslmode twice"],
    ["postgres://u:tr0ub4dor@host/db?sslmode=verify-ca", "verify-ca without sslrootcert"],
    [
      "postgres://u:tr0ub4dor@host/db?sslmode=verify-full&sslrootcert=/no/where",
      "cannot be read (ENOENT)",
    ],
    ["postgres://u:tr0ub4dor@host/db?sslmode=require&sslrootcert=/etc/hosts", "no certificate"],
    ["postgres://u:tr0ub4dor@host/db#", "holds a #"],
    ["postgres://u:tr0ub4dor@host/a/b", "more than one /"],
  ])("may not be %j", (value, says) =>
    expect(complaint(databaseUrl({ meaning }), value)).toContain(says),
  );
});

describe("the URL of the queue", () => {
  it.each([
    "redis://host:6379",
    "rediss://host",
    "redis://host/3",
    "redis://host/",
    "redis://:p%40ss@host:6379/0",
    "redis://[::1]:6379",
    "rediss://host:6380/1?sslmode=require",
    "postgres://host:5432/db",
  ])("may be %s", (value) => expect(complaint(queueUrl({ meaning }), value)).toBe("none"));

  it.each([
    ["amqp://host", "must be redis://"],
    ["localhost:6379", "must be redis://"],
    ["redis:host:6379", "must be redis://"],
    ["postgres://host:6543/db", "uses port 6543"],
    ["postgres://u:tr0ub4dor@host/db?port=abc", "has a port that is no number"],
    ["redis://:tr0ub4dor@host/abc", "a database of Redis that is no number"],
    ["redis://:tr0ub4dor@host/-1", "a database of Redis that is no number"],
    ["redis://:tr0ub4dor@host/1.5", "a database of Redis that is no number"],
    ["redis://:tr0ub4dor@host/99999999999", "a database of Redis that is no number"],
    ["redis://:tr0ub4dor@host/0/1", "a database of Redis that is no number"],
    ["redis://:tr0ub4dor@host/1%20", "a database of Redis that is no number"],
    ["redis://:tr0ub4dor@host:6379 ", "begins or ends with a blank"],
    ["redis://", "names no host"],
    ["redis:///1", "names no host"],
    ["redis://:tr0ub4dor@host:port", "is no URL"],
    ["redis://:s3cret/tr0ub4dor@host", "is no URL"],
    ["redis://user/tr0ub4dor@host", "a database of Redis that is no number"],
    ["redis://:tr0ub4dor@host:0", "has a port that is no number"],
    ["redis://host?db=99", "a parameter behind its ? that is not understood"],
    ["redis://host?sslmode=require", "needs rediss://"],
    ["rediss://host?sslmode=disable", "choose one"],
    ["redis://one:6379,two:6379", "names several hosts"],
  ])("may not be %j", (value, says) =>
    expect(complaint(queueUrl({ meaning }), value)).toContain(says),
  );
});
