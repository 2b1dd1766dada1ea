import { describe, expect, it } from "vitest";
import { withoutMarkup } from "./markup.ts";
import { written } from "./words.ts";

const picture = `data:image/png;base64,${"iVBORw0KGgo".repeat(22_000)}==`;

describe("what people pasted", () => {
  it.each([
    [
      `<p>Keep&nbsp;13 &amp; 14.</p><p><img src="${picture}"/>Close the gap</p>`,
      "Keep 13 & 14.\nClose the gap",
    ],
    [`see ${picture} above`, "see above"],
    [`<IMG alt="x" src='${picture}`, '<IMG alt="x" src=\''],
    ["<b>Im</b>plant<br/>left<script>alert('a')</script>", "Implant\nleft"],
    ["<ul>\n  <li>one</li>\n  <li>two</li>\n</ul><!-- draft -->", "one\ntwo"],
  ])("is its words: %#", (html, words) => expect(written(html)).toBe(words));

  it.each([
    "overjet <3 mm, x < y and y > z",
    "data: none",
    "Hana <- the case",
    "two  spaces\n\n\nand lines",
    "AT&T; a<b>c</bb>".replace("<b>", "<bx>"),
  ])("is left as it is without markup: %s", (text) => expect(withoutMarkup(text)).toBe(text));

  it.each([
    ["letters without a space", "x".repeat(1_000_000)],
    ["a picture in a tag that never ends", `<img src="${picture.repeat(4)}`],
    ["pictures that never begin", "data:image/".repeat(100_000)],
    ["tags that never end", "<img ".repeat(200_000)],
    ["comments that never end", "<!--".repeat(250_000)],
    ["spaces", `<p>${" ".repeat(1_000_000)}x`],
    ["lines", "\n".repeat(1_000_000)],
    ["signs of addresses", "@".repeat(1_000_000)],
    ["numbers of telephones", "+81 90 ".repeat(150_000)],
  ])("takes no longer than it is long: %s", (_, text) => {
    const before = performance.now();
    written(text);
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});
