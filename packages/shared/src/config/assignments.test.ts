import { describe, expect, it } from "vitest";
import { assignments } from "./assignments.ts";

const { schema } = assignments(
  { names: ["cases", "projects"], values: ["report", "archive", "delete"], alone: "report" },
  { meaning: "" },
);

describe("pairs of a name and a word", () => {
  it.each([
    ["report", {}],
    ["cases=archive", { cases: "archive" }],
    [" cases = archive , projects=delete", { cases: "archive", projects: "delete" }],
  ])("are read of %s", (text, expected) => {
    expect(schema.parse(text)).toEqual(expected);
  });

  it.each([
    ["delete", /^must be report, or pairs like cases=delete/],
    ["cases=archive,", /^must be report, or pairs/],
    ["cases=archive=delete", /^must be report, or pairs/],
    ["projcts=delete", /not "projcts": did you mean projects\?$/],
    ["invoices=delete", /^must name one of cases, projects, not "invoices"$/],
    ["cases=drop", /^must give cases one of report, archive, delete$/],
    ["cases=delete,cases=archive", /^must name cases once$/],
  ])("are refused: %s", (text, message) => {
    expect(schema.safeParse(text).error?.issues[0]?.message).toMatch(message);
  });
});
