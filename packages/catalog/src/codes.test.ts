import { describe, expect, it } from "vitest";
import { labelOf, parseCodes } from "./codes.ts";

const { maps } = parseCodes();

describe("labelOf", () => {
  it.each([3, "3", " 03 "])("knows the code %j", (code) =>
    expect(labelOf(maps.project_type, code)).toBe("treatment_plan"),
  );

  it.each(["treatment_plan", "Treatment Plan", "TREATMENT-PLAN "])(
    "knows the label %j",
    (label) => {
      expect(labelOf(maps.project_type, label)).toBe("treatment_plan");
    },
  );

  it.each([null, undefined, "", "99", 99, -3, "plan"])("does not know %j", (code) => {
    expect(labelOf(maps.project_type, code)).toBeUndefined();
  });

  it("takes a course by its name", () => {
    expect(
      ["Main", "Refinement", "Replacement", "Any"].map((name) => labelOf(maps.course, name)),
    ).toEqual(["active_treatment", "refinement", "follow_up", undefined]);
  });

  it("puts a state that is switched off under review", () => {
    expect([11, 12, 13].map((code) => labelOf(maps.to_state, code))).toEqual([
      "on_hold",
      "cancelled",
      undefined,
    ]);
    expect([11, 12, 13].map((code) => labelOf(maps.to_state_off, code))).toEqual([
      "under_review",
      "under_review",
      undefined,
    ]);
  });
});

describe("parseCodes", () => {
  it("lays an override over the built-in codes", () => {
    const codes = parseCodes({
      project_type: { codes: { 12: "xray", 3: "model" }, default: "document" },
    });
    expect([0, 3, 12].map((code) => labelOf(codes.maps.project_type, code))).toEqual([
      "scan",
      "model",
      "xray",
    ]);
    expect(codes.maps.project_type.default).toBe("document");
    expect(codes.maps.case_type).toEqual(maps.case_type);
  });

  it("names an unknown map", () => {
    expect(() => parseCodes({ project_kind: { codes: {} } })).toThrow(/project_kind/);
  });

  it("names every label that the target does not have, and where", () => {
    const override = { project_type: { codes: { 12: "x-ray" } }, case_state: { default: "done" } };
    expect(() => parseCodes(override)).toThrow(/case_state\.default.*project_type\.codes\.12/s);
  });

  it("refuses what is no object", () => {
    expect(() => parseCodes([1])).toThrow(/^codes: file/);
  });
});
