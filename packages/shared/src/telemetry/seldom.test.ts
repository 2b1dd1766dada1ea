import { expect, it } from "vitest";
import { seldom } from "./seldom.ts";

it("a thousand errors are a line at once, and one that counts them half a minute later", () => {
  let clock = 0;
  const lines: unknown[] = [];
  const tell = seldom((error, since) => lines.push([String(error), since]), { now: () => clock });
  const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  for (let i = 0; i < 1_000; i++) tell(refused);
  for (let i = 0; i < 3; i++) tell(new TypeError("odd"));
  expect(lines).toEqual([["Error: refused", {}]]);
  clock = 30_000;
  tell(refused);
  clock = 59_999;
  tell(refused);
  expect(lines.slice(1)).toEqual([
    ["Error: refused", { repeated: { ECONNREFUSED: 999, TypeError: 3 } }],
  ]);
});
