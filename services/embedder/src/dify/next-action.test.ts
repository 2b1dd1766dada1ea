import { describe, expect, it } from "vitest";
import type { Actual } from "./documents.ts";
import { nextAction, type Situation } from "./next-action.ts";

const none: Actual = {
  datasetId: null,
  documentId: null,
  sha256: null,
  indexingMs: null,
  unsureMs: null,
};
const there: Actual = { ...none, datasetId: "ours", documentId: "d", sha256: "hash" };
const nothing = { kind: "nothing", version: null, code: null } as const;
const text = { kind: "text", version: "7", practiceId: null, text: "…", sha256: "hash" } as const;
const [ours, adopted] = [
  { id: "ours", adopted: false },
  { id: "ours", adopted: true },
];

describe("the next step", () => {
  it.each<[string, Partial<Situation>, string]>([
    ["nothing is desired, nothing is there", { desired: nothing }, "finish"],
    ["nothing is desired, a document is there", { desired: nothing, actual: there }, "remove"],
    [
      "nothing is desired, one may be there",
      { desired: nothing, actual: { ...none, datasetId: "ours", unsureMs: 5 } },
      "look_up",
    ],
    [
      "nothing is desired, one is being indexed",
      { desired: nothing, actual: { ...there, indexingMs: 1 } },
      "remove",
    ],
    ["there is no dataset", { dataset: undefined }, "make_dataset"],
    ["the dataset is ours and empty", {}, "create"],
    ["the dataset was there before us", { dataset: adopted }, "look_up"],
    ["and the name is not in it", { dataset: adopted, notIn: "ours" }, "create"],
    [
      "and it was another that the name is not in",
      { dataset: adopted, notIn: "theirs" },
      "look_up",
    ],
    [
      "a creation had no answer",
      { actual: { ...none, datasetId: "ours", sha256: "hash", unsureMs: 5 } },
      "look_up",
    ],
    ["it is as it should be", { actual: there }, "finish"],
    ["its text is another", { actual: { ...there, sha256: "other" } }, "update"],
    ["its text is not known", { actual: { ...there, sha256: null } }, "update"],
    [
      "its text is another, and it is being indexed",
      { actual: { ...there, sha256: "other", indexingMs: 1 } },
      "follow",
    ],
    [
      "it is in another practice's dataset",
      { actual: { ...there, datasetId: "theirs" } },
      "remove",
    ],
    [
      "and is being indexed there",
      { actual: { ...there, datasetId: "theirs", indexingMs: 1 } },
      "remove",
    ],
  ])("where %s", (_, situation, step) => {
    expect(
      nextAction({ actual: none, desired: text, dataset: ours, notIn: undefined, ...situation }),
    ).toBe(step);
  });
});
