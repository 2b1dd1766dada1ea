/** A string of JSON as text: what json takes and no character is ends no statement. */
import { textOfJson } from "@nexus/catalog";
import { withPool } from "@nexus/shared/database";
import { freshDatabase } from "@nexus/shared/testing";
import { expect, it } from "vitest";

const slash = "\\";

const STRINGS: readonly (readonly [json: string, text: string | null])[] = [
  ['"a"', "a"],
  [`"${slash}u00e9${slash}n"`, "é\n"],
  [`"${slash}ud83d${slash}ude00"`, "😀"],
  [`"a${slash}u0000b"`, `"a${slash}u0000b"`],
  [`"${slash}ud800"`, `"${slash}ud800"`],
  [`"${slash}udE00${slash}uD83d"`, `"${slash}udE00${slash}uD83d"`],
  ['{"a": 1}', '{"a": 1}'],
  ["null", null],
];

it("the text of a string of JSON is the string, where it is one", async (context) => {
  const url = await freshDatabase(context);
  await withPool({ url, max: 1, name: "nexus-test" }, async (pool) => {
    const found = await pool.query<{ text: string | null }>(
      `select ${textOfJson("v")} as text from unnest($1::json[]) with ordinality as given (v, n) order by n`,
      [STRINGS.map(([json]) => json)],
    );
    expect(found.rows.map(({ text }) => text)).toEqual(STRINGS.map(([, text]) => text));
  });
});
