import type { ColumnType, Value } from "@nexus/catalog";
import { openPool } from "./pool.ts";
import { freshDatabase } from "../testing/fresh.ts";
import { beforeEach, expect, it } from "vitest";
import { arrayParameter, arrayValue } from "./array-parameter.ts";

const columns: Partial<Record<ColumnType, Value[]>> = {
  text: [
    "",
    "NULL",
    null,
    'a"b',
    "a\\b",
    "{}",
    ",",
    " edge ",
    "\n\t",
    "日本語 😀",
    '{"k":"v\\"w"}',
    "'",
  ],
  integer: [0, 1, -2, null, 2_147_483_647, -2_147_483_648],
  bigint: ["0", "-1", null, "9223372036854775807", "-9223372036854775808"],
  boolean: [true, false, null],
  uuid: ["6ba7b810-9dad-51d1-80b4-00c04fd430c8", null, "00000000-0000-0000-0000-000000000000"],
  jsonb: ['{"n": 12345678901234567890.12345678901234567890, "t": "日本\\"語"}', null, "[]", "null"],
  date: ["1987-05-01", null],
  timestamptz: ["2019-05-01 10:00:00.123456+00", null, "10000-01-01 00:00:00+00"],
};

let database: string;
beforeEach(async (context) => {
  database = await freshDatabase(context);
});

it.each(Object.entries(columns))(
  "means to PostgreSQL what each value of %s means",
  async (type, values) => {
    expect(await sent(columnType(type), values)).toEqual(await spelled(type, values));
  },
);

it.each([
  ["integer", 2 ** 31],
  ["integer", -(2 ** 31) - 1],
  ["integer", 1.5],
  ["bigint", "9223372036854775808"],
] as const)("refuses %s %s as PostgreSQL would", (type, value) => {
  expect(() => arrayValue([value], type)).toThrow(expect.objectContaining({ code: "22003" }));
});

it("refuses half of a surrogate pair, which would become another character", () => {
  expect(() => arrayValue(["a\ud83d"], "text")).toThrow(expect.objectContaining({ code: "22021" }));
});

it("refuses what is larger than a value may be, and keeps nothing of it for the next", () => {
  const large = "x".repeat(2 ** 28);
  expect(() => arrayValue([large, large, large, large], "text")).toThrow(
    expect.objectContaining({ code: "54000" }),
  );
  expect(arrayValue(["Practice 1"], "text").toString("latin1")).toMatch(/Practice 1$/);
});

it("writes texts of any length whole", () => {
  const texts = ["日本語 😀".repeat(1000), "é", "x".repeat(5_000_000), "語".repeat(300_000)];
  const sizes = texts.reduce((sum, one) => sum + 4 + Buffer.byteLength(one), 20);
  const sent = arrayValue(texts, "text");
  expect(sent).toHaveLength(sizes);
  expect(sent.subarray(-900_000).toString()).toBe(texts[3]);
});

function columnType(type: string): ColumnType {
  const known = Object.keys(columns).find((one): one is ColumnType => one === type);
  if (known === undefined) throw new Error(type);
  return known;
}

async function sent(type: ColumnType, values: readonly Value[]): Promise<unknown[]> {
  return await ask(`select x::text from unnest(${arrayParameter(1, type)}) as u (x)`, [
    arrayValue(values, type),
  ]);
}

/** The same values, each as a parameter of its own. */
async function spelled(type: string, values: readonly Value[]): Promise<unknown[]> {
  const rows = values.map((_, n) => `(${n}, $${n + 1}::${type})`);
  return await ask(
    `select x::text from (values ${rows.join(", ")}) as v (n, x) order by n`,
    values.map((value) => value),
  );
}

async function ask(sql: string, values: unknown[]): Promise<unknown[]> {
  const pool = openPool({ url: database, max: 1, name: "test", onError: () => undefined });
  try {
    return (await pool.query(sql, values)).rows;
  } finally {
    await pool.end();
  }
}
