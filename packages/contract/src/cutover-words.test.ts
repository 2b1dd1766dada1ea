import { describe, expect, it } from "vitest";
import { cutoverStepInWords } from "./cutover-words.ts";

describe("what is to be done about a step of a cut-over", () => {
  it.each([
    ["run_active", /nexus cancel/],
    ["adoption_open", /nexus adopt --cancel/],
    ["rollback_open", /nexus rollback <run> --cancel/],
    ["proof_open", /nexus verify --cancel, or nexus forecast --cancel/],
    ["cutover_open", /nexus cutover --cancel/],
  ])("names for %s what cancels it", (code, words) => {
    expect(cutoverStepInWords("alone", "not_met", code, {}).whatToDo).toMatch(words);
  });

  it("names the code of a look that failed, and no setting that is on already", () => {
    const found = cutoverStepInWords("hand_over", "not_met", "source_unseen", { failure: "57014" });
    expect(found.says).toContain("could not be looked at (57014)");
    expect(found.whatToDo).not.toContain("FINGERPRINTS");
  });

  it("advises fingerprints where none are kept only: a view is not compared by them either", () => {
    const toDo = (fingerprints: boolean) =>
      cutoverStepInWords("hand_over", "not_met", "source_sessions", { fingerprints }).whatToDo;
    expect(toDo(false)).toContain("FINGERPRINTS=on");
    expect(toDo(true)).toMatch(/^end them \(.*\), then ask again$/);
    expect(toDo(true)).not.toContain("FINGERPRINTS");
  });
});
