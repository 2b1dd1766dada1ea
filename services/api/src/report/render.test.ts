import { describe, expect, it } from "vitest";
import type { Document } from "./blocks.ts";
import { toHtml } from "./html.ts";
import { toMarkdown } from "./markdown.ts";
import { shareBelow100 } from "./standing.ts";
import { duration, estimated, listed, money } from "./wording.ts";

const NASTY = [
  `<script>alert("1")</script>`,
  `</td></tr></table><img src=x onerror='alert(1)'>`,
  `a | b \\| c`,
  "`code` *bold* _it_ ~~gone~~ [link](javascript:alert(1)) &lt;",
  "two\nlines\r\n# heading",
  "- item",
  "1. item",
  "# heading",
];
const nasty: Document = {
  title: `Run <1> & "2"`,
  blocks: NASTY.flatMap((text) => [
    { kind: "heading", text },
    { kind: "paragraph", text },
    { kind: "list", items: [text] },
    { kind: "table", columns: [{ title: text, numeric: true }], rows: [[text], [text]] },
  ]),
};

describe("HTML", () => {
  const html = toHtml(nasty);

  it("has no tag and no attribute but ours, and closes what it opens", () => {
    const body = html.slice(html.indexOf("<body>"));
    const tags = [...body.matchAll(/<[^>]*>/g)].map(([tag]) => tag);
    const ours =
      /^<\/?(body|html|h1|h2|p|ul|li|table|thead|tbody|tr|th|td)( scope="col")?( class="number")?>$/;
    expect(tags.filter((tag) => !ours.test(tag))).toEqual([]);
    const open: string[] = [];
    for (const tag of tags)
      if (!tag.startsWith("</")) open.push(tag.replace(/^<(\w+).*$/, "$1"));
      else if (tag !== "</html>") expect(open.pop()).toBe(tag.slice(2, -1));
    expect(open).toEqual([]);
    expect(tags.filter((tag) => tag.startsWith("<tr")).length).toBe(3 * NASTY.length);
  });

  it("shows every text as it is", () => {
    const plain = html
      .replaceAll(/<[^>]*>/g, "")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&#39;", "'")
      .replaceAll("&amp;", "&");
    for (const text of NASTY) expect(plain.split(text).length - 1, text).toBeGreaterThanOrEqual(6);
  });

  it("stands alone, without a script, and prints on A4", () => {
    expect(html).not.toMatch(/<script|<link|<img|https?:|url\(|@import/i);
    expect(html).toContain("@page { size: A4");
  });
});

describe("Markdown", () => {
  const lines = toMarkdown(nasty).split("\n");

  it("keeps each text in its line, and each cell in its column", () => {
    expect(lines.filter((line) => line.startsWith("## ")).length).toBe(NASTY.length);
    expect(lines.filter((line) => line.startsWith("- ")).length).toBe(NASTY.length);
    const rows = lines.filter((line) => line.startsWith("| "));
    expect(rows.length).toBe(3 * NASTY.length);
    for (const row of rows) expect(row.match(/(?<!\\)(?:\\\\)*\|/g), row).toHaveLength(2);
  });

  it("escapes whatever is markup", () => {
    expect(lines).toContain("a \\| b \\\\\\| c");
    expect(lines).toContain(
      "\\`code\\` \\*bold\\* \\_it\\_ \\~\\~gone\\~\\~ \\[link\\](javascript:alert(1)) \\&lt;",
    );
    expect(lines).toContain("two lines # heading");
    expect(lines).toContain("1\\. item");
    expect(lines).toContain("\\- item");
    expect(lines.join("")).not.toMatch(/(?<!\\)[<>]/);
  });

  it("leaves names and numbers readable", () => {
    const text = (text: string) =>
      toMarkdown({ title: "x", blocks: [{ kind: "paragraph", text }] });
    expect(text("practice_members: 23.3 %")).toContain("practice_members: 23.3 %");
    expect(text("23.3 %")).toContain("\n23.3 %\n");
  });
});

describe("the words", () => {
  it("round shares down, and leave 100 to who has proved it", () => {
    expect([shareBelow100(9_999, 10_000), shareBelow100(999_999_999, 1_000_000_000)]).toEqual([
      99.9, 99.9,
    ]);
    expect([shareBelow100(1, 3), shareBelow100(2, 3), shareBelow100(0, 0)]).toEqual([
      33.3, 66.6, 0,
    ]);
    expect([shareBelow100(7, 7), shareBelow100(8, 7), shareBelow100(-1, 7)]).toEqual([
      99.9, 99.9, 0,
    ]);
    for (let whole = 1; whole <= 300; whole++)
      for (let part = 0; part < whole; part++)
        expect(Math.round(shareBelow100(part, whole) * 10) * whole).toBeLessThanOrEqual(
          1_000 * part,
        );
  });

  it("tell times and money", () => {
    expect([59, 60, 3_599, 3_600, 200_000].map(duration)).toEqual([
      "59 s",
      "1 min 0 s",
      "59 min 59 s",
      "1 h 0 min",
      "2 d 7 h",
    ]);
    expect(estimated({ seconds: 90, earliest: 60, latest: 120 })).toBe(
      "about 1 min 30 s (1 min 0 s to 2 min 0 s)",
    );
    expect([0, 114, 1_234_567_800].map(money)).toEqual([
      "USD 0.00",
      "USD 0.000114",
      "USD 1,234.5678",
    ]);
    expect([listed([]), listed(["a"]), listed(["a", "b", "c"])]).toEqual(["", "a", "a, b and c"]);
  });
});
