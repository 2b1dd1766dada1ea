/** A build whose catalog cannot be run does not start: every process of it says what to add, whatever else it lacks. */
import { fileURLToPath } from "node:url";
import { spawnService } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BuildCopy, copyBuild } from "./build-copy.ts";

const MAINS = [
  "services/extractor",
  "services/loader",
  "services/embedder",
  "services/api",
  "packages/cli",
];
const ENTITIES = "packages/catalog/dist/entities";

describe("a catalog that cannot be run", () => {
  let copy: BuildCopy;
  beforeAll(() => {
    copy = copyBuild();
    copy.change(`${ENTITIES}/projects.js`, `profiles: [] },`, `profiles: [], labs: [] },`);
    copy.change(`${ENTITIES}/projects.js`, `content: "project"`, `content: "stored_file"`);
    copy.change(`${ENTITIES}/case-states.js`, "followsCase: true,", "");
    copy.change(`${ENTITIES}/practice-members.js`, `name: "practice_members"`, `name: "profiles"`);
  });
  afterAll(() => copy?.remove());

  it.each(MAINS)("keeps %s from starting, with 2, and what to add", async (part) => {
    const main = copy.fileOf(fileURLToPath(new URL(`../../${part}/dist/main.js`, import.meta.url)));
    const started = spawnService({
      name: part,
      main,
      env: {},
      args: part === "packages/cli" ? ["runs"] : [],
    });
    expect(await started.exited).toEqual({ code: 2, signal: null });
    expect(started.output().split("\n")).toEqual([
      [
        "the catalog cannot be run: two entities are called profiles: rename one",
        "projects has the parent labs: add entities/labs.ts and its line in entities/index.ts",
        "case_states has a case and a practice: say followsCase: true if its practice is always its case's, else followsCase: false",
        "projects has the content type stored_file: add content/stored-file.ts and its line in content/contents.ts",
      ].join("; "),
    ]);
  });
});
