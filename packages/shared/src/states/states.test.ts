import { describe, expect, it } from "vitest";
import {
  activeRunStatuses,
  type Arrows,
  batchArrows,
  before,
  entityArrows,
  runArrows,
  statusesOf,
} from "./states.ts";

describe("the arrows", () => {
  it("lead out of every active status of a run, and from the others only back to before it", () => {
    const left = statusesOf(runArrows).filter((status) =>
      Object.keys(runArrows[status]).some((to) => to !== "rolled_back"),
    );
    expect(left).toEqual(activeRunStatuses);
  });

  it("say where an operation is possible", () => {
    expect(before(runArrows, "paused")).toEqual(["running"]);
    expect(before(batchArrows, "cancelled")).toEqual(["planned", "queued", "failed"]);
  });
});

describe("docs/states.md", () => {
  it("says what states.ts says", async () => {
    const page = [
      "# States",
      "Written by `states.test.ts` from `packages/shared/src/states/states.ts`. Change the tables there, then run `npx vitest run states.test.ts -u`.",
      section("A run", runArrows),
      section("An entity of a run", entityArrows),
      section("A batch", batchArrows),
    ].join("\n\n");
    await expect(`${page}\n`).toMatchFileSnapshot("../../../../docs/states.md");
  });
});

function section<S extends string>(title: string, arrows: Arrows<S>): string {
  return `## ${title}\n\n${diagram(arrows)}\n\n${table(arrows)}`;
}

function diagram<S extends string>(arrows: Arrows<S>): string {
  const [first = ""] = statusesOf(arrows);
  const lines = pairs(arrows).map(({ from, to }) => `  ${from} --> ${to}`);
  return ["```mermaid", "stateDiagram-v2", `  [*] --> ${first}`, ...lines, "```"].join("\n");
}

function table<S extends string>(arrows: Arrows<S>): string {
  const rows = pairs(arrows).map(({ from, to, because }) => `| ${from} | ${to} | ${because} |`);
  const ends = statusesOf(arrows).filter((status) => Object.keys(arrows[status]).length === 0);
  return [
    "| from | to | when |",
    "|---|---|---|",
    ...rows,
    "",
    `Nothing follows ${ends.join(", ")}.`,
  ].join("\n");
}

function pairs<S extends string>(
  arrows: Arrows<S>,
): { from: string; to: string; because: string }[] {
  return statusesOf(arrows).flatMap((from) =>
    Object.entries<string | undefined>(arrows[from]).map(([to, because = ""]) => ({
      from,
      to,
      because,
    })),
  );
}
