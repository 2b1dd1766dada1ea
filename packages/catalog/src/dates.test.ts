import { describe, expect, it } from "vitest";
import { checkedDate, checkedInstant, isoInstant, isYetToCome } from "./dates.ts";

const OUT = { problem: "date_out_of_range" };

describe("checkedInstant", () => {
  it.each([
    "2019-05-01 10:00:00+00",
    "2019-05-01 10:00:00.1+00",
    "2019-05-01 10:00:00.123456+00",
    "1900-01-01 00:00:00+00",
    "12019-05-01 10:00:00+00",
  ])("passes %s on as it is", (text) => expect(checkedInstant(text)).toEqual({ value: text }));

  it.each(["infinity", "-infinity", "1899-12-31 23:59:59.999999+00", "0044-03-15 12:00:00+00 BC"])(
    "finds %s out of range",
    (text) => expect(checkedInstant(text)).toEqual(OUT),
  );

  it("takes an instant without a zone as UTC", () => {
    expect(checkedInstant("2019-05-01 10:00:00.5")).toEqual({ value: "2019-05-01 10:00:00.5+00" });
  });

  it.each(["", "yesterday", "2019-05-01", "2019-05-01 10:00:00+05:30", "2019-05-01T10:00:00Z"])(
    "cannot read %j",
    (text) => expect(checkedInstant(text)).toEqual({ problem: "date_invalid" }),
  );
});

describe("checkedDate", () => {
  it.each(["1900-01-01", "1987-05-01", "2026-02-03"])("passes %s on as it is", (text) => {
    expect(checkedDate(text, "2026-02-03")).toEqual({ value: text });
  });

  it.each(["0044-03-15 BC", "infinity", "-infinity", "1899-12-31", "0087-05-01"])(
    "finds %s out of range",
    (text) => {
      expect(checkedDate(text, null)).toEqual(OUT);
    },
  );

  it.each(["2026-02-04", "10000-01-01"])("finds a birth on %s to lie in the future", (text) => {
    expect(checkedDate(text, "2026-02-03")).toEqual(OUT);
    expect(checkedDate(text, null)).toEqual({ value: text });
  });

  it("cannot read what is no date", () => {
    expect(checkedDate("05/01/1987", null)).toEqual({ problem: "date_invalid" });
  });
});

describe("isYetToCome", () => {
  it.each(["2026-02-04", "2036-12-31"])("says that a birth on %s will be in the past", (text) =>
    expect(isYetToCome(text, "2026-02-03")).toBe(true),
  );

  it.each(["2026-02-03", "1987-05-01", "2037-01-01", "10000-01-01", "infinity", "soon"])(
    "says nothing like it of %s",
    (text) => expect(isYetToCome(text, "2026-02-03")).toBe(false),
  );
});

describe("isoInstant", () => {
  it.each([
    ["2019-05-01 10:00:00+00", "2019-05-01T10:00:00.000000Z"],
    ["2019-05-01 10:00:00.12+00", "2019-05-01T10:00:00.120000Z"],
    ["12019-05-01 10:00:00.123456+00", "12019-05-01T10:00:00.123456Z"],
  ])("writes %s as %s", (text, iso) => expect(isoInstant(text)).toBe(iso));

  it("has nothing to write of nothing", () => expect(isoInstant(null)).toBeNull());
});
