import { describe, expect, it } from "vitest";
import type { Held } from "./documents.ts";
import { nextStep, type Situation } from "./next-step.ts";

const none: Held = { datasetId: null, documentId: null, sha256: null, indexingMs: null, unsureMs: null };
const there: Held = { ...none, datasetId: "ours", documentId: "d", sha256: "hash" };
const nothing = { kind: "nothing", version: null, code: null } as const;
const text = { kind: "text", version: "7", practiceId: null, text: "…", sha256: "hash" } as const;
const [ours, adopted] = [
  { id: "ours", adopted: false },
  { id: "ours", adopted: true },
];

describe("the next step", () => {
  it.each<[string, Partial<Situation>, string]>([
    ["nothing is wanted, nothing is there", { wanted: nothing }, "settle"],
    ["nothing is wanted, a document is there", { wanted: nothing, held: there }, "remove"],
    [
      "nothing is wanted, one may be there",
      { wanted: nothing, held: { ...none, datasetId: "ours", unsureMs: 5 } },
      "look_up",
    ],
    [
      "nothing is wanted, one is being indexed",
      { wanted: nothing, held: { ...there, indexingMs: 1 } },
      "remove",
    ],
    ["there is no dataset", { dataset: undefined }, "make_dataset"],
    ["the dataset is ours and empty", {}, "create"],
    ["the dataset was there before us", { dataset: adopted }, "look_up"],
    ["and the name is not in it", { dataset: adopted, notIn: "ours" }, "create"],
    ["and it was another that the name is not in", { dataset: adopted, notIn: "theirs" }, "look_up"],
    [
      "a creation had no answer",
      { held: { ...none, datasetId: "ours", sha256: "hash", unsureMs: 5 } },
      "look_up",
    ],
    ["it is as it should be", { held: there }, "settle"],
    ["its text is another", { held: { ...there, sha256: "other" } }, "update"],
    ["its text is not known", { held: { ...there, sha256: null } }, "update"],
    [
      "its text is another, and it is being indexed",
      { held: { ...there, sha256: "other", indexingMs: 1 } },
      "follow",
    ],
    ["it is in another practice's dataset", { held: { ...there, datasetId: "theirs" } }, "remove"],
    ["and is being indexed there", { held: { ...there, datasetId: "theirs", indexingMs: 1 } }, "remove"],
  ])("where %s", (_, situation, step) => {
    expect(nextStep({ held: none, wanted: text, dataset: ours, notIn: undefined, ...situation })).toBe(step);
  });
});
