import { describe, expect, it } from "vitest";
import { checkCatalog, entityNamed, inDependencyOrder } from "./catalog.ts";
import { entities } from "./entities/index.ts";
import type { Entity } from "./entity.ts";

const practices = entityNamed(entities, "practices");

function entity(name: string, parents: readonly string[]): Entity {
  const target = { ...practices.target, table: name };
  return {
    ...practices,
    name,
    target,
    parents: Object.fromEntries(parents.map((parent) => [parent, []])),
  };
}

describe("checkCatalog", () => {
  it("says which file an unknown parent would need", () => {
    expect(() => checkCatalog([entity("scans", ["scanners"])])).toThrow(
      "scans has the parent scanners: add entities/scanners.ts and its line in entities/index.ts",
    );
  });

  it("names the entities of a cycle", () => {
    const circle = [
      entity("root", []),
      entity("a", ["b", "root"]),
      entity("b", ["c"]),
      entity("c", ["a"]),
    ];
    expect(() => checkCatalog(circle)).toThrow("a, b, c wait for each other");
    expect(() => inDependencyOrder(circle)).toThrow("wait for each other");
  });

  it("refuses two of a name, or two for a table", () => {
    expect(() => checkCatalog([entity("a", []), entity("a", [])])).toThrow(
      /two entities are called a.*two entities fill a/s,
    );
  });

  it("refuses a foreign key to an entity that is not a parent", () => {
    const child = entity("child", []);
    const columns = {
      ...child.target.columns,
      owner_id: { type: "uuid", references: "practices" },
    } as const;
    expect(() =>
      checkCatalog([practices, { ...child, target: { ...child.target, columns } }]),
    ).toThrow("child.owner_id refers to practices: add it to the parents of child");
  });
});

describe("what an entity says about itself", () => {
  const ofCase = { case_id: { type: "uuid" }, practice_id: { type: "uuid" } } as const;
  const child = {
    ...entity("notes", []),
    target: { ...practices.target, table: "notes", columns: ofCase },
  };

  it("includes whether its practice is its case's, where it has both", () => {
    expect(() => checkCatalog([{ ...child, followsCase: true }])).not.toThrow();
    expect(() => checkCatalog([{ ...child, followsCase: false }])).not.toThrow();
    expect(() => checkCatalog([{ ...child, followsCase: null }])).toThrow(
      "notes has a case and a practice: say followsCase: true if its practice is always its case's, else followsCase: false",
    );
  });

  it("is refused where it has not the columns for it", () => {
    const [following, shared] = [entity("a", []), entity("b", [])];
    expect(() => checkCatalog([{ ...following, followsCase: true }])).toThrow(
      "a follows its case: give it the columns case_id and practice_id",
    );
    expect(() => checkCatalog([{ ...shared, sharedWithoutPractice: true }])).toThrow(
      "b is shared without a practice: give it the column practice_id",
    );
  });

  it("includes a content type that nobody else has and that a composer knows", () => {
    const templates = entityNamed(entities, "workflow_templates");
    const again = { ...templates, name: "other", target: { ...templates.target, table: "other" } };
    expect(() => checkCatalog([practices, templates, again])).toThrow(
      "two entities have the content type workflow_template: rename one",
    );
    expect(() => checkCatalog([{ ...practices, content: "office_hours" }])).toThrow(
      "practices has the content type office_hours: add content/office-hours.ts and its line in content/contents.ts",
    );
  });
});

describe("inDependencyOrder", () => {
  it("throws for a parent that is no entity", () => {
    expect(() => inDependencyOrder([entity("scans", ["scanners"])])).toThrow(
      "add entities/scanners.ts",
    );
  });

  it("keeps the listed order where nothing depends", () => {
    const listed = [entity("c", ["a"]), entity("b", []), entity("a", [])];
    expect(inDependencyOrder(listed).map((one) => one.name)).toEqual(["b", "a", "c"]);
  });
});

describe("entityNamed", () => {
  it("lists the known ones when asked for another", () => {
    expect(() => entityNamed(entities, "project")).toThrow(
      /no entity is called project; there are practices, profiles/,
    );
  });
});
