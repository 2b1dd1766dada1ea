import { expect, it } from "vitest";
import { freshDatabase } from "../testing/fresh.ts";
import { withPool } from "./pool.ts";

/** SQL, and what it arrives as. */
const VALUES: readonly (readonly [string, unknown])[] = [
  ["7::int2", 7],
  ["(-2147483648)::int4", -2147483648],
  ["9007199254740991::int8", 9007199254740991],
  ["9007199254740992::int8", "9007199254740992"],
  ["(-9223372036854775808)::int8", "-9223372036854775808"],
  ["count(*)", 1],
  ["true", true],
  ["null::boolean", null],
  ["1.5::float8", 1.5],
  ["0.1::numeric(40, 30)", "0.100000000000000000000000000000"],
  ["date '0044-03-15 BC'", "0044-03-15 BC"],
  ["timestamptz '2020-01-02 03:04:05.123456+00' at time zone 'UTC'", "2020-01-02 03:04:05.123456"],
  ["'infinity'::timestamptz", "infinity"],
  [`'{"n": 12345678901234567890}'::jsonb`, '{"n": 12345678901234567890}'],
  ["array[1, 2]::int4[]", [1, 2]],
  ["'{}'::int4[]", []],
  ["array[1, 2]::int8[]", [1, 2]],
  ["array['a b', 'c']", '{"a b",c}'],
];

it("whole numbers and booleans are parsed where that is exact, and everything else stays PostgreSQL's text", async (context) => {
  const url = await freshDatabase(context);
  const arrived = await withPool({ url, max: 1, name: "test" }, async (pool) => {
    const { rows } = await pool.query<Record<string, unknown>>(
      `select ${VALUES.map(([sql], n) => `${sql} as v${n}`).join(", ")}`,
    );
    return VALUES.map(([sql], n) => [sql, rows[0]?.[`v${n}`]]);
  });
  expect(arrived).toEqual(VALUES);
});
