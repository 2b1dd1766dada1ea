import { describe, expect, it } from "vitest";
import { FORESEEN_PATTERNS, reasonKind } from "./reasons.ts";

describe("the kind of a reason", () => {
  it.each([
    ["case_unresolved", "foreseen"],
    ["duplicate_membership", "foreseen"],
    ["practice_id_dangling", "foreseen"],
    ["unreadable", "assumption"],
    ["value_malformed", "assumption"],
    ["refused_54000", "assumption"],
    ["never heard of", "assumption"],
    ["case_unresolved_too", "assumption"],
  ])("of %s is %s", (reason, kind) => {
    expect(reasonKind(reason)).toBe(kind);
  });

  it("is the same in SQL: underscores stand for themselves", () => {
    expect(FORESEEN_PATTERNS).toContain("case\\_unresolved");
    expect(FORESEEN_PATTERNS).toContain("%\\_dangling");
  });
});
