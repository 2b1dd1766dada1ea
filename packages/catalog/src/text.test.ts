import { describe, expect, it } from "vitest";
import { isEmail, trimmed, withoutLoneSurrogates } from "./text.ts";

describe("trimmed", () => {
  it("cuts the blanks that people and spreadsheets leave", () => {
    expect(trimmed(" \t\n\v\f\r\u00a0\u3000\ufeffSmile Lab\ufeff\u3000\u00a0\r\f\v\n\t ")).toBe(
      "Smile Lab",
    );
  });

  it("leaves other white space and everything inside alone", () => {
    expect(trimmed("\u2003a \u00a0 b\u200b")).toBe("\u2003a \u00a0 b\u200b");
  });

  it("makes null of what is blank", () => {
    expect([trimmed(""), trimmed("  "), trimmed("\u3000\ufeff")]).toEqual([null, null, null]);
  });
});

describe("withoutLoneSurrogates", () => {
  it("drops halves of pairs and keeps pairs", () => {
    expect(withoutLoneSurrogates("a\ud83d😀\ude00b")).toBe("a😀b");
  });

  it("gives well-formed text back as it is", () => {
    expect(withoutLoneSurrogates("さくら😀")).toBe("さくら😀");
  });
});

describe("isEmail", () => {
  it.each(["a@b", "ann.lee@clinic.test", "è@ü.test"])("takes %s", (email) =>
    expect(isEmail(email)).toBe(true),
  );

  it.each(["null", "a@", "@b", "a@@b", "a@b@c", "a b@c", "a@b\nc"])("refuses %j", (email) => {
    expect(isEmail(email)).toBe(false);
  });
});
