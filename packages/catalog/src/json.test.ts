import { describe, expect, it } from "vitest";
import { jsonObject, jsonText } from "./json.ts";

describe("jsonObject", () => {
  it("leaves out what is blank, and keeps zero and false", () => {
    const members = {
      a: null,
      b: undefined,
      c: "",
      d: [],
      e: 0,
      f: false,
      g: jsonObject({ h: null }),
    };
    expect(jsonObject(members)).toEqual({ json: '{"e":0,"f":false}' });
  });

  it("sorts arrays of ids as numbers, without touching the given one", () => {
    const ids = [10, 9, 100];
    expect(jsonObject({ ids })).toEqual({ json: '{"ids":[9,10,100]}' });
    expect(ids).toEqual([10, 9, 100]);
  });

  it("places JSON as it is written", () => {
    expect(jsonObject({ raw: { json: "12345678901234567890.10" } })).toEqual({
      json: '{"raw":12345678901234567890.10}',
    });
  });

  it("escapes text", () => {
    const text = 'a "quoted" \\ line\n\u2028 さくら😀';
    expect(JSON.parse(jsonText({ text }))).toEqual({ text });
  });

  it("drops halves of surrogate pairs, which jsonb refuses", () => {
    expect(jsonText({ text: "a\ud83d" })).toBe('{"text":"a"}');
  });

  it("is null of nothing, and an empty object as text", () => {
    expect(jsonObject({})).toBeNull();
    expect(jsonText({ a: null })).toBe("{}");
  });
});
