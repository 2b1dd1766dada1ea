import { describe, expect, it } from "vitest";
import { idOf } from "./ids.ts";

const DNS = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

describe("idOf", () => {
  it.each([
    [DNS, "cases", 1, "0c9c3d99-80e6-5989-b853-d7b25e3151ad"],
    [DNS, "practices", 844, "0b61ca16-8318-5497-9b30-190f97e89959"],
    [DNS, "workflow_templates", 2_147_483_647, "224834cf-ac01-5302-8f6f-34bc563cbb82"],
    [
      "0c1d2e3f-4a5b-4c6d-8e7f-000102030405",
      "profiles",
      -3,
      "44accb77-d08f-58b5-a15a-0bf9a8660007",
    ],
  ])("gives in %s for %s:%i what uuid_generate_v5 gives", (namespace, entity, legacyId, id) => {
    expect(idOf(namespace, entity, legacyId)).toBe(id);
  });

  it("does not care how the namespace is written", () => {
    expect(idOf(DNS.toUpperCase(), "cases", 1)).toBe(idOf(DNS, "cases", 1));
  });

  it("tells entities and ids apart", () => {
    const ids = ["cases", "projects"].flatMap((entity) =>
      [1, 2, 11].map((id) => idOf(DNS, entity, id)),
    );
    expect(new Set(ids).size).toBe(6);
  });

  it("refuses a namespace that is no UUID", () => {
    expect(() => idOf("production", "cases", 1)).toThrow("not a UUID");
  });
});
